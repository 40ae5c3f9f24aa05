// The page put together, and what happens when a control is used.

const DEFAULT_LAYERS = {};

function defaults() {
  Object.assign(DEFAULT_LAYERS, { grid: true, observed: true, filled: true, planned: true, simulated: true, unobserved: true, ports: true, graticule: true, inferred: false });
  zoneTables().forEach((each, k) => {
    if (zones.some((zone) => zone.system === each.key)) DEFAULT_LAYERS[`zones-${each.key}`] = k === 0;
  });
  Object.assign(S.layers, DEFAULT_LAYERS);
}

function option(value, text) {
  return make("option", text, { value });
}

function fillSelect(id, options, value) {
  $(id).replaceChildren(...options.map(([key, text]) => option(key, text)));
  $(id).value = value;
}

/** All words that depend on the language. */
function words() {
  speak();
  $("title").textContent = N(DATA.title);
  $("period").textContent = N(DATA.period);
  $("banner").hidden = !DATA.banner && !DATA.simulated;
  $("banner").textContent = N(DATA.banner) || T("simulated_long");
  fillSelect("lang", ["en-GB", "en-US", "zh"].map((key) => [key, WORDS[key === "en-GB" ? "en" : key].lang_name]), S.lang);
  const own = DATA.species.filter((each) => each.basis !== "wtw");
  fillSelect("pol", own.map((each) => [each.key, N(each.name) === each.symbol ? each.symbol : `${each.symbol} – ${N(each.name)}`]), S.pol);
  const units = isChinese() ? ["t", "kg"] : ["t", "kg", "st"];
  if (!units.includes(S.unit)) S.unit = "t";
  fillSelect("unit", units.map((key) => [key, T(`unit_${key}`)]), S.unit);
  const [base, ...others] = DATA.scenarios.map((each) => N(each.name));
  const choices = [["0", base]];
  others.forEach((name, k) => choices.push([`${k + 1}`, name], [`diff:${k + 1}`, T("difference", { a: base, b: name })], [`swipe:${k + 1}`, T("swipe", { a: base, b: name })]));
  fillSelect("scen", choices, S.scen);
  $("scenwrap").hidden = !others.length;
  fillSelect("basis", ["ttw", "wtw"].map((key) => [key, T(`basis_${key}`)]), S.basis);
  $("basiswrap").hidden = !DATA.species.some((each) => each.basis === "wtw");
  fillSelect("sys", zoneTables().map((each) => [each.key, N(each.title)]), S.sys);
  $("monthwrap").hidden = DATA.months.length < 2;
  $("month").max = DATA.months.length;
  $("month").value = S.month;
  $("divider").value = S.split;
  playLabel();
  views();
  layerBoxes();
  panels();
  search();
  prose();
  $("search").placeholder = T("search");
  map.getContainer().setAttribute("aria-label", T("map_label"));
  for (const [name, key] of [["in", "zoom_in"], ["out", "zoom_out"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button.title = T(key);
    button.setAttribute("aria-label", T(key));
  }
  const credit = make("span", [T("land_credit"), DATA.basemap?.attribution].filter(Boolean).join(" · "));
  map.attributionControl.getContainer().replaceChildren(credit);
}

function views() {
  const button = (text, bounds, port) => {
    const made = make("button", text, port ? { type: "button", "data-port": port } : { type: "button" });
    made.onclick = () => goTo(bounds);
    return made;
  };
  const ports = DATA.ports.map((port) => button(N(port.name), port.bounds, port.key));
  $("views").replaceChildren(button(T("view_all"), DATA.corridor), ...ports);
  if (!DATA.basemap) return;
  const online = make("button", T(tiles ? "basemap_off" : "basemap_on"), { type: "button", id: "basemap" });
  online.onclick = () => basemap(online);
  $("views").append(online);
}

function layerBoxes() {
  const has = (kind) => tracks.some((track) => track.kind === kind);
  const names = Object.keys(S.layers).filter((name) => !(name in TRACK_STYLES) || has(name));
  $("layers").replaceChildren(
    ...names.map((name) => {
      const label = make("label");
      const box = make("input", null, { type: "checkbox", id: `layer-${name}` });
      box.checked = S.layers[name];
      box.onchange = () => {
        S.layers[name] = box.checked;
        redraw();
        legend();
        portPair();
        remember();
      };
      const of = tables.find((each) => `zones-${each.key}` === name);
      label.append(box, make("span", of ? T("layer_zones", { name: N(of.title) }) : T(`layer_${name}`)));
      return label;
    }),
  );
}

function prose() {
  $("notes").replaceChildren(...DATA.status.map((text) => make("li", N(text))));
  $("method").replaceChildren(...DATA.method.map((text) => make("p", N(text))));
  const limits = [...DATA.limits.map(N), T("not_exposure"), T("no_boundaries")];
  $("limits").replaceChildren(...limits.map((text) => make("li", text)));
  const sources = DATA.sources.map((source) => [source.title, source.licence, source.note].map(N).filter(Boolean).join(" · "));
  $("sources").replaceChildren(...sources.map((text) => make("li", text)));
  $("cite").textContent = N(DATA.cite);
}

const playLabel = () => {
  $("play").textContent = playing ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", T(playing ? "stop" : "play"));
  $("play").setAttribute("aria-pressed", playing ? "true" : "false");
};

/** Everything that depends on the state. */
function update() {
  const started = performance.now();
  forget();
  const twin = DATA.species.some((each) => each.of === S.pol && each.basis === "wtw");
  $("basis").disabled = !twin;
  const own = DATA.species.find((each) => each.key === S.pol);
  $("basis").title = $("basishelp").textContent = twin ? "" : T(own.greenhouse ? "basis_co2e" : "basis_locked");
  const { mode } = comparison();
  $("swipewrap").hidden = $("divline").hidden = mode !== "swipe";
  $("divline").style.left = `${S.split}%`;
  $("monthlbl").textContent = monthName(S.month);
  $("month").setAttribute("aria-valuetext", monthName(S.month));
  redraw();
  legend();
  fillTable($("zt"), system());
  breakdownChart("phases", "phasechart", "phasesec", "phases");
  breakdownChart("classes", "classchart", "classsec", "classes");
  monthChart();
  scenarioChart();
  portPair();
  topList();
  cellPanel();
  status();
  remember();
  page.updateMs = performance.now() - started;
}

function status() {
  const { mode, a, b } = comparison();
  const first = zoneTables()[0];
  const all = (scenario) => mass(first.total(scenario, species(), S.month));
  const scenario = DATA.scenarios.length > 1 ? $("scen").selectedOptions[0].textContent : "";
  const figure = { one: all(b), swipe: `${all(a)} | ${all(b)}`, diff: signed(mass(shownTotal())) }[mode];
  const what = [speciesSymbol(), monthName(S.month), scenario].filter(Boolean).join(T("comma"));
  $("status").textContent = T(mode === "diff" ? "status_difference" : "status", {
    what, x: figure, u: unitName(), n: number(cells.n, 0),
  });
}

let playing = 0;
function play() {
  if (playing) {
    clearInterval(playing);
    playing = 0;
  } else {
    playing = setInterval(() => setMonth((S.month % DATA.months.length) + 1), 900);
  }
  playLabel();
}

function setMonth(month) {
  S.month = month;
  $("month").value = month;
  update();
}

function wire() {
  $("controls").onsubmit = (event) => event.preventDefault();
  for (const [id, key] of [["pol", "pol"], ["unit", "unit"], ["scen", "scen"], ["basis", "basis"], ["sys", "sys"]])
    $(id).onchange = (event) => {
      S[key] = event.target.value;
      update();
    };
  $("lang").onchange = (event) => {
    S.lang = event.target.value;
    words();
    update();
  };
  $("month").oninput = (event) => setMonth(+event.target.value);
  $("play").onclick = play;
  $("divider").oninput = (event) => {
    S.split = +event.target.value;
    $("divline").style.left = `${S.split}%`;
    layers[1].draw();
    remember();
  };
  $("search").oninput = search;
  $("csv").onclick = () => offer(cellsCsv(), fileName("cells", "csv"), "text/csv");
  $("csvtotals").onclick = () => offer(totalsCsv(), fileName("totals", "csv"), "text/csv");
  $("png").onclick = savePicture;
  $("print").onclick = () => window.print();
  $("link").onclick = copyLink;
  window.addEventListener("beforeprint", forPrint);
}

function copyLink() {
  const address = location.href.split("#")[0] + fragment();
  const shown = () => ($("status").textContent = T("link_shown", { x: address }));
  if (!navigator.clipboard) return shown();
  navigator.clipboard.writeText(address).then(() => ($("status").textContent = T("link_copied")), shown);
}

/** The sheet has another shape than the screen: the same view is painted anew for it. */
function forPrint() {
  picture($("sheet"), seen(), 1000, seenHeight(1000, 0.58), { scale: 2, how: fitWidth });
  $("printed").textContent = `${T("printed")} ${new Date().toISOString().slice(0, 10)} · ${DATA.version}`;
}

const page = { S, updateMs: 0, readyMs: 0 };

async function start() {
  if (typeof DecompressionStream === "undefined") throw new Error("no DecompressionStream");
  const arrays = await unpack(DATA.packed);
  cells = readCells(arrays);
  tables = DATA.breakdowns.map((meta, k) => readBreakdown(meta, k, arrays));
  zones = readZones(arrays);
  tracks = readTracks(arrays);
  land = readLand(arrays);
  defaults();
  const view = recall();
  map.invalidateSize({ animate: false });
  if (view) map.setView([view[0], view[1]], view[2], { animate: false });
  else map.fitBounds(leafletBounds(DATA.opening), { animate: false });
  buildMap();
  words();
  wire();
  update();
  if (!view) goTo(DATA.opening);
  page.readyMs = performance.now();
  Object.assign(page, { cells, tables, zones, tracks, map, cellMass, shownTotal, cellsCsv, totalsCsv, pictureCanvas, cellAt, edges });
  window.corridorPage = page;
  document.body.dataset.ready = "1";
  remember();
}

start().catch((error) => {
  speak();
  $("status").textContent = typeof DecompressionStream === "undefined" ? T("too_old") : String(error);
  document.body.dataset.failed = String(error);
});
