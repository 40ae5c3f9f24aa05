// What a page may hold besides: scenarios side by side, further tables, targets, the search.

function scenarioChart() {
  $("scensec").hidden = DATA.scenarios.length < 2;
  if (DATA.scenarios.length < 2) return;
  const first = zoneTables()[0];
  const before = first.total(0, species(), S.month);
  const rows = DATA.scenarios.map((scenario, a) => {
    const value = first.total(a, species(), S.month);
    const change = a ? ` · ${signed(percent(value / before - 1))}` : "";
    return { name: N(scenario.name), value, text: `${mass(value)} ${unitName()}${change}` };
  });
  const asked = DATA.scenarios.filter((scenario) => scenario.note).map((scenario) => {
    const line = make("p", null, { class: "note" });
    line.append(make("strong", N(scenario.name)), make("span", ` – ${N(scenario.note)}`));
    return line;
  });
  $("scenchart").replaceChildren(bars(rows, `${T("scenarios")}: ${speciesSymbol()}`), ...asked);
}

function panels() {
  // What a port's calls emitted stands right after what was emitted in its zones.
  const beside = (panel) => panel.key === "two_ports";
  $("portpanel").replaceChildren(...DATA.panels.filter(beside).map(panelSection));
  const others = DATA.panels.filter((panel) => !beside(panel)).map(panelSection);
  $("panels").replaceChildren(...DATA.targets.map(targetSection), ...others);
}

function panelSection(panel) {
  const section = make("section", null, panel.paper ? {} : { class: "noprint" });
  const element = newTable(N(panel.title));
  const head = make("tr");
  // Words stand left, numbers right.
  const side = panel.head.map((_, k) => (panel.rows.some((row) => typeof row[k] === "number") ? "n" : ""));
  panel.head.forEach((text, k) => head.append(make("th", N(text), { scope: "col", class: side[k] })));
  element.tHead.append(head);
  for (const row of panel.rows) {
    const tr = make("tr");
    row.forEach((cell, k) => {
      const text = cell === null ? T("no_data") : Array.isArray(cell) ? N(cell) : fmt(cell);
      tr.append(k ? make("td", text, { class: side[k] }) : make("th", text, { scope: "row" }));
    });
    element.tBodies[0].append(tr);
  }
  const wide = make("div", "", { class: "scroll", tabindex: "0", role: "region", "aria-label": N(panel.title) });
  wide.append(element);
  section.append(make("h2", N(panel.title)), wide);
  if (panel.note) section.append(make("p", N(panel.note), { class: "note" }));
  return section;
}

const TARGETS_ON_PAPER = 3;

/** Base, now and goal on one rail, and the same in a sentence. */
function targetSection(target, k) {
  const section = make("section", null, k < TARGETS_ON_PAPER ? {} : { class: "noprint" });
  const { base, goal, now } = target;
  const width = 360;
  const most = Math.max(base.value, goal.value, now.value, 1e-300);
  const x = (value) => (value / most) * (width - 8) + 4;
  const places = { now: fmt(now.value), goal: fmt(goal.value), base: fmt(base.value), unit: N(target.unit),
    a: N(base.label), b: N(goal.label), c: N(now.label) };
  const sentence = T(base.value === goal.value ? "target_plain" : "target", {
    ...places, share: percent((base.value - now.value) / (base.value - goal.value)) });
  const chart = svg("svg", { viewBox: `0 0 ${width} 34`, role: "img", "aria-label": sentence, class: "chart" });
  chart.append(
    svg("rect", { x: 4, y: 12, width: width - 8, height: 10, class: "rail" }),
    svg("rect", { x: 4, y: 12, width: Math.max(1, x(now.value) - 4), height: 10, class: "bar" }),
    svg("rect", { x: x(base.value) - 1.5, y: 6, width: 3, height: 22, class: "mark" }),
    svg("path", { d: `M${x(goal.value)} 10 l-6 -9 h12 z`, class: "goal" }),
    svg("rect", { x: x(goal.value) - 1, y: 8, width: 2, height: 20, class: "goal" }),
  );
  section.append(make("h2", N(target.title)), chart, make("p", sentence, { class: "note strong" }));
  if (target.note) section.append(make("p", N(target.note), { class: "note" }));
  return section;
}

// --- search -----------------------------------------------------------------------------------------

/** All that can be found: {text, go}. Ships are found by their tracks. */
function findable() {
  const things = DATA.ports.map((port) => ({ text: N(port.name), go: () => goTo(port.bounds) }));
  for (const zone of zones) things.push({ text: zoneName(zone), go: () => goTo(zoneFrame(zone)) });
  const names = new Set(tracks.map((track) => track.name).filter(Boolean));
  for (const name of names) things.push({ text: name, go: () => goToShip(name) });
  return things;
}

/** Bounds around a zone, never closer than a few kilometres. */
function zoneFrame({ box: [west, south, east, north] }) {
  const pad = Math.max(0.01, (east - west) * 0.15);
  return [west - pad, south - pad, east + pad, north + pad];
}

function goToShip(name) {
  S.found = name;
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const track of tracks) {
    if (track.name !== name) continue;
    for (let k = 0; k < track.lons.length; k++) {
      box[0] = Math.min(box[0], track.lons[k]);
      box[1] = Math.min(box[1], track.lats[k]);
      box[2] = Math.max(box[2], track.lons[k]);
      box[3] = Math.max(box[3], track.lats[k]);
    }
  }
  goTo(box);
  layers[2].draw();
}

const MOST_FOUND = 12;
function search() {
  const asked = $("search").value.trim().toLowerCase();
  S.found = "";
  const hits = asked ? findable().filter(({ text }) => text.toLowerCase().includes(asked)).slice(0, MOST_FOUND) : [];
  $("hits").replaceChildren(
    ...hits.map(({ text, go }) => {
      const item = make("li");
      const button = make("button", text, { type: "button" });
      button.onclick = go;
      item.append(button);
      return item;
    }),
  );
  $("found").textContent = asked ? T("found", { n: hits.length }) : "";
}
