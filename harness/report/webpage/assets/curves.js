// The curves of the first k: the one under the pointer is named.

const curves = byId("top-curves");
const lines = [...curves.querySelectorAll(".curve")]; // in the order of page.top.names: the random choice is the last

function pointAtCurve(event) {
  const matrix = curves.getScreenCTM();
  if (!matrix) return;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  let place = 0;
  page.top.x.forEach((x, other) => {
    if (Math.abs(x - at.x) < Math.abs(page.top.x[place] - at.x)) place = other;
  });
  let nearest = 0;
  const far = (line) => Math.abs((page.top.y[line][place] ?? Infinity) - at.y);
  page.top.names.forEach((_, line) => {
    if (far(line) < far(nearest)) nearest = line;
  });
  for (const found of lines) found.classList.remove("pointed");
  lines[nearest].classList.add("pointed");
  const value = page.top.values[nearest][place];
  if (value === null) return;
  const counted = page.top.counts[place].toLocaleString("en");
  byId("top-readout").textContent =
    `${page.top.names[nearest]}: the best of the first ${counted} is ${value.toFixed(page.top.decimals)}`;
}

curves.addEventListener("pointermove", pointAtCurve);
curves.addEventListener("pointerdown", pointAtCurve);
curves.addEventListener("pointerleave", () => {
  for (const found of lines) found.classList.remove("pointed");
});
choice.listeners.push((name) => {
  const chosen = lines[page.top.names.indexOf(name)];
  for (const found of lines) found.classList.toggle("chosen", found === chosen);
  chosen.parentElement.append(chosen); // on top
  byId("top-chosen").textContent = name;
});
