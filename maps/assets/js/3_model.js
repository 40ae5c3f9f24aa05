// The state, and what follows from it: values, blocks that can be seen, classes.

const S = {
  lang: DATA.language,
  pol: DATA.first,
  unit: "t",
  scen: "0",
  basis: "ttw",
  month: 0,
  split: 50,
  sys: "",
  sel: -1,
  found: "",
  layers: {},
};
let cells, tables, zones, tracks, land;

const zoneTables = () => tables.filter((table) => table.kind === "zones");
const table = (kind) => tables.find((each) => each.kind === kind);
const system = () => tables.find((each) => each.key === S.sys) || zoneTables()[0];

/** Index of the species shown: the chosen one, or its well-to-wake twin. */
function species() {
  const own = DATA.species.findIndex((each) => each.key === S.pol);
  if (S.basis !== "wtw") return own;
  const twin = DATA.species.findIndex((each) => each.of === S.pol && each.basis === "wtw");
  return twin < 0 ? own : twin;
}

/** {mode: "one" | "diff" | "swipe", a, b}: scenario numbers. */
function comparison() {
  const [mode, b] = S.scen.includes(":") ? S.scen.split(":") : ["one", S.scen];
  return mode === "one" ? { mode, a: +b, b: +b } : { mode, a: 0, b: +b };
}

/** Mass of cell i in a scenario for the month shown. [kg] */
function cellMass(i, scenario, sp = species()) {
  const value = cells.mass[scenario][sp][i];
  return S.month && cells.months ? value * cells.months[S.month - 1][i] * cells.perMonth[i] : value;
}

/** What the tables show of a row: mass, or the change against the baseline. [kg] */
function shown(tableOf, row, month = S.month) {
  const { mode, a, b } = comparison();
  const sp = species();
  const now = tableOf.mass(mode === "swipe" ? a : b, sp, row, month);
  return mode === "diff" ? now - tableOf.mass(a, sp, row, month) : now;
}

const shownTotal = (month = S.month) => {
  const first = zoneTables()[0];
  return first.rows.reduce((sum, _, row) => sum + shown(first, row, month), 0);
};

// --- blocks: what a cell becomes when the map is too far out to see it -----------------------------

const LEAST_PIXELS = 2.5;
const blockCache = new Map();

/** Edges a drawn square may have [degrees]: those of the cells and 2, 5, 10 times them. */
function blockSizes() {
  const sizes = new Set();
  for (const size of DATA.sizes) for (const k of [1, 2, 5, 10]) sizes.add(Math.round(size * k * 1e6) / 1e6);
  return [...sizes].sort((a, b) => a - b);
}

/** Smallest block edge that is wide enough to be seen on this projection. [degrees] */
function blockSize(P) {
  const sizes = blockSizes();
  return sizes.find((size) => (size / 360) * P.s >= LEAST_PIXELS) || sizes[sizes.length - 1];
}

/** Cells joined to squares of at least this size; larger cells stay as they are. */
function blocks(size) {
  const known = blockCache.get(size);
  if (known) return known;
  const of = new Int32Array(cells.n);
  // One number per block: its edge's rank, its column, its row.
  const ranks = blockSizes();
  const index = new Map();
  const west = [];
  const south = [];
  const edge = [];
  const area = [];
  for (let i = 0; i < cells.n; i++) {
    const own = cells.size[i];
    const k = Math.max(1, Math.round(size / own));
    const bx = Math.floor(cells.ix[i] / k);
    const by = Math.floor(cells.iy[i] / k);
    // Two levels of cells can share a block: the key is the block's place, not the cell's level.
    const key = (ranks.indexOf(Math.round(own * k * 1e6) / 1e6) * 65536 + bx) * 65536 + by;
    let block = index.get(key);
    if (block === undefined) {
      block = west.length;
      index.set(key, block);
      west.push(bx * k * own);
      south.push(by * k * own - 90);
      edge.push(k * own);
      area.push(cells.area[i] * k * k);
    }
    of[i] = block;
  }
  const n = west.length;
  const made = { n, of, size, area, u0: new Float64Array(n), u1: new Float64Array(n), v0: new Float64Array(n), v1: new Float64Array(n) };
  for (let j = 0; j < n; j++) {
    made.u0[j] = mercatorU(west[j]);
    made.u1[j] = mercatorU(west[j] + edge[j]);
    made.v0[j] = mercatorV(south[j] + edge[j]);
    made.v1[j] = mercatorV(south[j]);
  }
  blockCache.set(size, made);
  return made;
}

const edges = () => DATA.edges[DATA.species[species()].key];

/** Outer to inner and inner to outer: the six edges of a difference. */
function differenceEdges() {
  const [x, y, z] = DATA.change_edges[DATA.species[species()].key];
  return [-z, -y, -x, x, y, z];
}

function classOf(x, limits) {
  let k = 0;
  while (k < limits.length && x >= limits[k]) k++;
  return k;
}

let paintCache = new Map();
const forget = () => (paintCache = new Map());

/** Blocks of one side in drawing order, class by class, ready to be painted. */
function painting(size, side) {
  const key = `${size}/${side}`;
  const known = paintCache.get(key);
  if (known) return known;
  const made = blocks(size);
  const { mode, a, b } = comparison();
  const kilograms = new Float64Array(made.n);
  const observed = new Float64Array(made.n);
  const weight = new Float64Array(made.n);
  const sp = species();
  const scenario = mode === "swipe" ? (side === "left" ? a : b) : b;
  for (let i = 0; i < cells.n; i++) {
    const x = cellMass(i, scenario, sp);
    kilograms[made.of[i]] += mode === "diff" ? x - cellMass(i, a, sp) : x;
    observed[made.of[i]] += Math.abs(x) * cells.observed[i];
    weight[made.of[i]] += Math.abs(x);
  }
  const limits = mode === "diff" ? differenceEdges() : edges();
  const lists = Array.from({ length: limits.length + 1 }, () => []);
  const inferred = [];
  for (let j = 0; j < made.n; j++) {
    if (kilograms[j] === 0) continue;
    lists[classOf(kilograms[j] / made.area[j], limits)].push(j);
    if (mode !== "diff" && observed[j] < 0.5 * 255 * weight[j]) inferred.push(j);
  }
  const result = { blocks: made, lists, inferred, colours: mode === "diff" ? DATA.diverging : DATA.sequential };
  paintCache.set(key, result);
  return result;
}

/** Cells from dense to thin, the first twenty. */
function hotspots(count = 20) {
  const { mode, a, b } = comparison();
  const sp = species();
  const density = new Float64Array(cells.n);
  for (let i = 0; i < cells.n; i++) {
    const x = cellMass(i, mode === "swipe" ? a : b, sp);
    density[i] = Math.abs(mode === "diff" ? x - cellMass(i, a, sp) : x) / cells.area[i];
  }
  const best = [];
  let least = 0;
  for (let i = 0; i < cells.n; i++) {
    if (density[i] <= least || (best.length === count && density[i] <= density[best[count - 1]])) continue;
    let at = best.length;
    while (at > 0 && density[best[at - 1]] < density[i]) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
    if (best.length === count) least = density[best[count - 1]];
  }
  return best;
}

// --- places -----------------------------------------------------------------------------------------

function inside(rings, lon, lat) {
  let odd = false;
  for (const ring of rings)
    for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
      const [x1, y1] = ring[k];
      const [x2, y2] = ring[j];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) odd = !odd;
    }
  return odd;
}

/** Name of the drawn zone at a place, of the system shown before others; smaller before larger. */
function placeName(lat, lon) {
  const size = (zone) => (zone.box[2] - zone.box[0]) * (zone.box[3] - zone.box[1]);
  const hits = zones.filter(
    (zone) =>
      lon >= zone.box[0] && lon <= zone.box[2] && lat >= zone.box[1] && lat <= zone.box[3] && inside(zone.rings, lon, lat),
  );
  if (!hits.length) return "";
  const first = zoneTables()[0].key;
  hits.sort((p, q) => (q.system === first) - (p.system === first) || size(p) - size(q));
  return zoneName(hits[0]);
}

function zoneName(zone) {
  const of = tables.find((each) => each.key === zone.system);
  const row = of && of.rows.find((each) => each.key === zone.key);
  return row ? N(row.name) : zone.key;
}

/** Number of the cell at a place, or -1. */
let cellIndex = null;
function cellAt(lat, lon) {
  if (!cellIndex) {
    cellIndex = new Map();
    for (let i = 0; i < cells.n; i++) cellIndex.set((cells.level[i] * 65536 + cells.ix[i]) * 65536 + cells.iy[i], i);
  }
  for (let level = 0; level < DATA.sizes.length; level++) {
    const size = DATA.sizes[level];
    const key = (level * 65536 + Math.floor(lon / size + 1e-9)) * 65536 + Math.floor((lat + 90) / size + 1e-9);
    const found = cellIndex.get(key);
    if (found !== undefined) return found;
  }
  return -1;
}
