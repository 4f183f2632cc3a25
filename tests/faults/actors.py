"""Who else works in the campaign: the dialer, a person at the screen. What they do, they do by key, never by chance.

In:  a scenario, its profile. Out: changes of the world; `touched`, the numbers that they had a hand in.
They act when something has happened at the server (a write was answered, a page was read, a plan was made), so that the same
seed has the same acts however the client's requests interleave.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcamp_sync.sandbox import Order
from callcamp_sync.sandbox.front import Heard
from callcamp_sync.sandbox.keyed import happens, pick

from .scenario import Scenario

_CALLABLE = ("planned", "scheduled", "busy")
_NEVER = "do-not-call"


class Actors:
    """Dialer and person of one scenario. `calm` sends them home."""

    def __init__(self, scenario: Scenario) -> None:
        self.calm = False
        self.touched: set[str] = set()
        self._scenario = scenario
        self._phones = [row.phone for row in scenario.rows]

    def answered(self, heard: Heard) -> None:
        """A request has been dealt with."""
        if self.calm or heard.client != "main":
            return
        if heard.writes:
            self._after_write(heard)
        elif heard.route == "orders" and self._happens(self._scenario.profile.person / 2, "page", heard.key, heard.attempt):
            self._shift(heard)

    def planned(self, run: int) -> None:
        """A plan was made, and nobody has sent anything yet: the campaign goes on all the same."""
        profile = self._scenario.profile
        if self.calm or not profile.dialer:
            return
        for phone in self._phones:
            for order in self._orders(phone):
                if self._happens(1.5 * profile.dialer, "meanwhile", run, phone):
                    self._dial(order, "meanwhile", run, phone)

    def between(self, run: int) -> None:
        """After a run: somebody clears away the orders of people who asked not to be called."""
        if run > 0:
            return
        for row in self._scenario.rows:
            if row.kind == "never again":
                for order in self._orders(row.phone):
                    self._touch(order)
                    self._scenario.world.remove_order(order)

    # --- acts --------------------------------------------------------------------------------------------------------

    def _after_write(self, heard: Heard) -> None:
        profile = self._scenario.profile
        key = (heard.method, heard.route, heard.key, heard.attempt)
        own = self._orders(heard.key)
        asks = isinstance(heard.body, dict) and "status" in heard.body and heard.method == "PATCH"
        if asks and heard.fault and own and self._happens(3 * profile.dialer, "lost", *key):
            self._say_never(own[0])
            return
        if self._happens(profile.dialer, "dialer", *key):
            others = [order for phone in self._phones for order in self._orders(phone)]
            target = pick(own, self._seed, *key) if own and self._happens(0.6, "own", *key) else pick(others, self._seed, *key)
            self._dial(target, *key)
        if self._happens(profile.person, "person", *key):
            self._edit(own, key)

    def _dial(self, order: Order, *key: object) -> None:
        """The dialer reaches somebody, or does not; a person may say never, whatever the order's status."""
        if order.status == _NEVER:
            return
        if self._happens(0.4, "says never", *key):
            self._say_never(order)
        elif order.status in _CALLABLE:
            self._touch(order)
            status = pick(("busy", "contacted", "calling", "contacted"), self._seed, "result", *key)
            self._scenario.world.change_order(order, status=status)

    def _say_never(self, order: Order) -> None:
        self._touch(order)
        self._scenario.world.change_order(order, status=_NEVER)

    def _edit(self, own: Iterable[Order], key: tuple[object, ...]) -> None:
        """A person at the screen: takes an order out, writes another name, or adds a number of the sheet by hand."""
        scenario, world = self._scenario, self._scenario.world
        act = pick(("remove", "rename", "add"), self._seed, "edit", *key)
        for order in own:
            self._touch(order)
            if act == "remove" and order.status != _NEVER:
                world.remove_order(order)
            elif act == "rename":
                world.change_record(order.record, name="Renamed by hand")
        if act == "add":
            phone = pick([row.phone for row in scenario.rows if row.kind.startswith("new")], self._seed, "by hand", *key)
            if not self._orders(phone):
                self._add(phone)

    def _shift(self, heard: Heard) -> None:
        """Somebody adds or removes an order that is in no row while the list is being read."""
        extras = [
            order for order in self._scenario.extras if order.uuid in self._scenario.world.orders and order.status == "registered"
        ]
        if extras and self._happens(0.4, "shift", heard.key, heard.attempt):
            self._touch(extras[0])
            self._scenario.world.remove_order(extras[0])
        else:
            self._add(f"+1201555019{len(self._scenario.world.orders) % 10}")

    def _add(self, phone: str) -> None:
        scenario = self._scenario
        self.touched.add(phone)
        kind = scenario.campaign.record_type
        record = scenario.world.add_record(phone, record_type=kind, name="Added by hand")
        scenario.world.add_order(scenario.campaign, record, status="registered")

    def _touch(self, order: Order) -> None:
        self.touched.add(order.phone)

    def _orders(self, phone: str) -> list[Order]:
        return self._scenario.world.orders_of(self._scenario.campaign, phone)

    @property
    def _seed(self) -> int:
        return self._scenario.seed

    def _happens(self, rate: float, *key: object) -> bool:
        return happens(rate, self._seed, "actor", *key)
