"""The port of phonenumbers is held to phonenumbers: `make phones-proof` is the long form, the tests here are the short one."""
