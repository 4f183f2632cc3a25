"use strict";
/* Filter and sort for the long tables. Everything that needs this script is made by it, so that nothing is dead without it. */
(() => {
  /** Lines of a table that are printed, of those that are shown; the style sheet says the same for a page without scripts. */
  const PRINTED = 200;
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const count = new Intl.NumberFormat("en");
  const make = (name, properties, ...inside) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...inside);
    return element;
  };

  const listing = (section) => {
    const body = section.querySelector("tbody");
    const heads = [...section.querySelectorAll("thead th")];
    const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const kinds = heads.map((head) => head.dataset.kind);
    const outcomes = kinds.indexOf("outcome");
    const outcome = ({ row }) => row.cells[outcomes].textContent;

    const find = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const pick = make("select", {}, new Option("all", ""));
    [...new Set(rows.map(outcome))].sort(order.compare).forEach((name) => pick.append(new Option(name, name)));
    const told = make("p", { className: "told", role: "status" });
    const clear = make("button", { type: "button", textContent: "Show all" });
    section.querySelector(".scroll").before(make("div", { className: "tools" },
      make("label", { className: "wide" }, "Find in this table", find), make("label", {}, "Outcome", pick), clear, told));

    const show = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const line of rows) {
        const fits = (!pick.value || outcome(line) === pick.value) && words.every((word) => line.text.includes(word));
        line.row.hidden = !fits;
        shown += fits;
        line.row.classList.toggle("beyond", shown > PRINTED);
      }
      told.textContent = `${count.format(shown)} of ${count.format(rows.length)} lines shown`;
    };
    const sort = (head, column) => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const sign = falling ? -1 : 1;
      for (const line of rows) line.key = line.row.cells[column].textContent;
      rows.sort((one, other) => sign * order.compare(one.key, other.key));
      body.append(...rows.map(({ row }) => row));
      show();
    };
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => sort(head, column));
      head.replaceChildren(button);
    });
    let waiting = 0;
    find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
    pick.addEventListener("change", show);
    const ask = (text, name) => {
      find.value = text;
      pick.value = name;
      show();
    };
    clear.addEventListener("click", () => { ask("", ""); find.focus(); });
    section.classList.add("live");
    show();
    return ask;
  };

  const asks = new Map([...document.querySelectorAll("section.listing")].map((section) => [section.id, listing(section)]));
  for (const link of document.querySelectorAll("a[data-find], a[data-outcome]")) {
    const ask = asks.get(link.hash.slice(1));
    if (ask) link.addEventListener("click", () => ask(link.dataset.find ?? "", link.dataset.outcome ?? ""));
  }
})();
