// An architecture as a graph: the same layout and looks as in `nasinit draw`.

const SVG = "http://www.w3.org/2000/svg";
const ARROW = 5;
const cells = page.plot.cells;
const cellRows = cells && unpacked(cells.each);
const cellRowLength = cells && cells.operationsACell.reduce((sum, count) => sum + count + 1, 0);

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// All graphs of one architecture, as elements; none where its space has no drawing.
function graphsOf(architecture) {
  if (!cells) return [];
  let at = architecture * cellRowLength;
  const parts = [];
  cells.titles.forEach((title, place) => {
    const layout = cells.layouts[cellRows[at]];
    const count = cells.operationsACell[place];
    const looks = Array.from(cellRows.subarray(at + 1, at + 1 + count), (operation) => cells.looks[operation]);
    at += count + 1;
    if (title) parts.push(element("h4", { textContent: title }));
    parts.push(graph(layout, looks, title));
  });
  return parts;
}

function graph(layout, looks, title) {
  const [width, height] = layout.size;
  const words = looks.map((look) => look.label).join(", ");
  const svg = drawn("svg", {
    class: "graph", viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: "img", "aria-label": `${title} ${words}`.trim(),
  });
  layout.routes.forEach((route, place) => svg.append(...line(route, looks[place])));
  layout.boxes.forEach((box, place) => {
    svg.append(drawn("rect", { class: "back", ...corner(box) }));
    svg.append(coloured(drawn("rect", { class: "box", ...corner(box) }), looks[place]));
    const faint = looks[place].faint ? "faint" : "";
    svg.append(drawn("text", { class: faint, x: box[0], y: box[1] }, looks[place].label));
  });
  layout.nodes.forEach((node, place) => {
    svg.append(drawn("rect", { class: "node", ...corner(node) }));
    svg.append(drawn("text", { x: node[0], y: node[1] }, layout.labels[place]));
  });
  return svg;
}

function corner([x, y, width, height]) {
  return { x: x - width / 2, y: y - height / 2, width, height, rx: 3 };
}

function coloured(made, look) {
  if (!look) {
    made.classList.add("plain");
    return made;
  }
  made.classList.add("op");
  if (look.faint) made.classList.add("faint");
  made.style.setProperty("--light", look.light);
  made.style.setProperty("--dark", look.dark);
  return made;
}

function line(route, look) {
  const points = route.map((point) => [...point]);
  const [tipX, tipY] = points.at(-1);
  points.at(-1)[0] -= ARROW;
  const steps = points.slice(1).map(([x, y], place) => {
    const [fromX, fromY] = points[place];
    const middle = (fromX + x) / 2;
    return `C${middle} ${fromY} ${middle} ${y} ${x} ${y}`;
  });
  const path = drawn("path", { class: "route", d: `M${points[0].join(" ")}${steps.join("")}` });
  const half = ARROW / 2.5;
  const head = drawn("path", { class: "head", d: `M${tipX} ${tipY}l${-ARROW} ${-half}v${2 * half}z` });
  return [coloured(path, look), coloured(head, look)];
}
