// What the reader carries away: tables, a picture, a link, a printed sheet.

/** What no real ship did is called so in every file and file name. */
const MARK = DATA.simulated ? "SIMULATED" : DATA.planned ? "PLANNED" : "";
const fileName = (part, ending) => `${DATA.file}${MARK && `_${MARK}`}_${part}.${ending}`;
const STANDING = [DATA.simulated ? "SIMULATED" : "no", DATA.planned ? "PLANNED" : "no"];

/** A cell of text that no spreadsheet takes for a formula. */
function csvText(text) {
  const clean = String(text).replace(/[\u0000-\u001f]/g, " ");
  const safe = /^\s*[=+\-@]/.test(clean) ? `'${clean}` : clean;
  return /[",;]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

const csvNumber = (x) => (x === 0 ? "0" : String(+x.toPrecision(7)));

function offer(text, name, type) {
  // The mark at the start tells spreadsheets that this is UTF-8.
  const blob = text instanceof Blob ? text : new Blob(["\ufeff", text], { type });
  const link = make("a", null, { download: name });
  link.href = URL.createObjectURL(blob);
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  $("status").textContent = T("saved", { x: name });
}

const fileLongitude = (lon) => Math.round((lon >= 180 ? lon - 360 : lon) * 1e6) / 1e6;

function cellsCsv() {
  const scenario = comparison().b;
  const heads = ["west_deg", "south_deg", "size_deg", "area_km2", "observed_share", "simulated", "planned", "scenario", "month"];
  const lines = [[...heads, ...DATA.species.map((each) => `${each.key}_kg`)].join(",")];
  const month = S.month ? DATA.months[S.month - 1] : "all";
  const fixed = [...STANDING, csvText(DATA.scenarios[scenario].key), month].join(",");
  for (let i = 0; i < cells.n; i++) {
    const south = Math.round(cells.south[i] * 1e6) / 1e6;
    const place = [fileLongitude(cells.west[i]), south, cells.size[i], csvNumber(cells.area[i]), csvNumber(cells.observed[i] / 255)];
    const masses = DATA.species.map((_, s) => csvNumber(cellMass(i, scenario, s)));
    lines.push(`${place.join(",")},${fixed},${masses.join(",")}`);
  }
  return `${lines.join("\r\n")}\r\n`;
}

function totalsCsv() {
  const masses = DATA.species.map((each) => `${each.key}_kg`);
  const heads = ["breakdown", "key", "name", "scenario", "month", "simulated", "planned", "hours", "observed_hours", "distance_nm", ...masses];
  const lines = [heads.join(",")];
  for (const of of tables)
    for (let a = 0; a < DATA.scenarios.length; a++)
      for (let month = 0; month <= (DATA.months.length > 1 ? DATA.months.length : 0); month++)
        of.rows.forEach((row, k) => {
          const words = [of.key, row.key, N(row.name), DATA.scenarios[a].key, month ? DATA.months[month - 1] : "all", ...STANDING];
          const numbers = [of.hours(k, month), of.observed(k, month), of.distance(k, month), ...DATA.species.map((_, s) => of.mass(a, s, k, month))];
          lines.push([...words.map(csvText), ...numbers.map(csvNumber)].join(","));
        });
  return `${lines.join("\r\n")}\r\n`;
}

/** The map as it is seen, with title, legend, date and source, 1600 pixels wide. */
function pictureCanvas() {
  const canvas = document.createElement("canvas");
  const w = 1600;
  const top = 84;
  const bottom = 40;
  const high = seenHeight(w, 0.8);
  const h = top + high + bottom;
  const map2 = document.createElement("canvas");
  picture(map2, seen(), w, high, { scale: 1, how: fitWidth });
  canvas.width = w;
  canvas.height = h;
  const g = canvas.getContext("2d");
  g.fillStyle = "#fff";
  g.fillRect(0, 0, w, h);
  g.drawImage(map2, 0, top);
  g.fillStyle = "#12303f";
  g.font = font(30, "700");
  g.fillText((DATA.simulated ? `${T("simulated")} – ` : "") + N(DATA.title), 20, 40);
  g.font = font(18);
  const scenario = DATA.scenarios.length > 1 ? $("scen").selectedOptions[0].textContent : "";
  const month = DATA.months.length > 1 ? monthName(S.month) : "";
  g.fillText([N(DATA.period), speciesSymbol(), month, scenario, T("ogv_only")].filter(Boolean).join(" · "), 20, 68);
  pictureLegend(g, 20, h - bottom - 20);
  g.fillStyle = "#12303f";
  g.font = font(14);
  g.fillText([T("land_credit"), DATA.version].filter(Boolean).join(" · "), 20, h - 14);
  return canvas;
}

function pictureLegend(g, x, bottom) {
  const labels = [...$("leg").children].map((item) => item.textContent);
  const colours = [...(comparison().mode === "diff" ? DATA.diverging : DATA.sequential)].reverse();
  const high = 44 + labels.length * 24;
  g.font = font(16, "600");
  const wide = Math.max(280, g.measureText($("legt").textContent).width + 32);
  g.fillStyle = "rgba(255,255,255,.93)";
  g.fillRect(x, bottom - high, wide, high);
  g.fillStyle = "#12303f";
  g.fillText($("legt").textContent, x + 14, bottom - high + 26);
  g.font = font(15);
  labels.forEach((label, k) => {
    const y = bottom - high + 40 + k * 24;
    g.fillStyle = colours[k];
    g.fillRect(x + 14, y, 26, 16);
    g.fillStyle = "#12303f";
    g.fillText(label, x + 50, y + 14);
  });
}

function savePicture() {
  pictureCanvas().toBlob((blob) => offer(blob, fileName("map", "png"), "image/png"), "image/png");
}

// --- the address remembers the view ------------------------------------------------------------------

function fragment() {
  const centre = map.getCenter();
  const off = Object.keys(S.layers).filter((name) => S.layers[name] !== DEFAULT_LAYERS[name]);
  const parts = {
    l: S.lang, p: S.pol, u: S.unit, s: S.scen, b: S.basis, m: S.month, d: S.split, z: S.sys,
    x: off.join("."), c: S.sel >= 0 ? `${cells.west[S.sel] + cells.size[S.sel] / 2},${cells.south[S.sel] + cells.size[S.sel] / 2}` : "",
    v: `${centre.lat.toFixed(4)},${centre.lng.toFixed(4)},${map.getZoom()}`,
  };
  return `#${new URLSearchParams(Object.entries(parts).filter(([, value]) => value !== ""))}`;
}

function remember() {
  if (!document.body.dataset.ready) return;
  try {
    history.replaceState(null, "", fragment());
  } catch {
    // In a notebook's frame the address may not be changed: the link button still shows it.
  }
}

/** Take over what the address says, as far as this page has it. */
function recall() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const among = (name, known, fallback) => (known.includes(asked.get(name)) ? asked.get(name) : fallback);
  S.lang = among("l", ["en-GB", "en-US", "zh"], S.lang);
  S.pol = among("p", DATA.species.map((each) => each.key), S.pol);
  S.unit = among("u", Object.keys(KG_PER), S.unit);
  if (isChinese() && S.unit === "st") S.unit = "t";
  const others = DATA.scenarios.flatMap((_, k) => (k ? [`${k}`, `diff:${k}`, `swipe:${k}`] : ["0"]));
  S.scen = among("s", others, "0");
  S.basis = among("b", ["ttw", "wtw"], "ttw");
  S.sys = among("z", zoneTables().map((each) => each.key), zoneTables()[0].key);
  const whole = (name, least, most, fallback) => {
    const value = Number.parseInt(asked.get(name), 10);
    return value >= least && value <= most ? value : fallback;
  };
  S.month = DATA.months.length > 1 ? whole("m", 0, DATA.months.length, 0) : 0;
  S.split = whole("d", 0, 100, 50);
  for (const name of (asked.get("x") || "").split(".")) if (name in S.layers) S.layers[name] = !S.layers[name];
  const numbers = (name, count) => {
    const values = (asked.get(name) || "").split(",").map(Number);
    return values.length === count && values.every(Number.isFinite) ? values : null;
  };
  const place = numbers("c", 2);
  if (place) S.sel = cellAt(place[1], place[0]);
  return numbers("v", 3);
}
