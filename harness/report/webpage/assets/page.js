// What joins the parts: heat maps that choose, the theme, printing, and the first choice.

const agreement = byId("agreement-table");
if (agreement) {
  walkable(
    agreement,
    ({ row, column, value }) => `${row} and ${column}: ${value}`,
    ({ row, column }) => {
      const isColumn = (name) => name === page.plot.column && !page.plot.proxies.some((proxy) => proxy.name === name);
      const across = isColumn(column) ? row : column;
      const up = isColumn(column) ? column : row;
      if (isColumn(across)) return;
      state.y = isColumn(up) ? "" : up;
      byId("plot-y").value = state.y;
      choice.set(across);
      byId("plot").scrollIntoView();
    },
  );
}
for (const table of [byId("columns-table"), byId("stability-table")].filter(Boolean)) {
  walkable(table, ({ row, column, value }) => `${row}, ${column}: ${value}`, ({ row }) => choice.set(row));
}

const themes = { "": "as the system", light: "light", dark: "dark" };
const themeButton = byId("theme");
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  const names = Object.keys(themes);
  const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  themeButton.textContent = `Theme: ${themes[next]}`;
  redraw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

const closed = new Set(); // details that are open on paper only
function beforePrint() {
  for (const details of document.querySelectorAll("details.printed:not([open])")) {
    closed.add(details);
    details.open = true;
  }
  drawNow();
}
function afterPrint() {
  for (const details of closed) details.open = false;
  closed.clear();
  redraw();
}
matchMedia("print").addEventListener("change", (event) => (event.matches ? beforePrint() : afterPrint()));
window.addEventListener("beforeprint", beforePrint);
window.addEventListener("afterprint", afterPrint);

choice.set(choice.proxy);
