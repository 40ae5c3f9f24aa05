// The panel beside the map: tables, charts, the chosen cell, the hotspots.

function legend() {
  const { mode } = comparison();
  const p = speciesSymbol();
  const places = { p, u: densityUnit(), m: monthName(S.month) };
  $("legt").textContent = T(mode === "diff" ? "legend_difference" : "legend_title", places);
  const limits = mode === "diff" ? differenceEdges() : edges();
  const colours = mode === "diff" ? DATA.diverging : DATA.sequential;
  const name = (k) => {
    if (k === 0) return T("below", { x: density(limits[0]) });
    if (k === limits.length) return T("from", { x: density(limits[k - 1]) });
    return `${density(limits[k - 1])} – ${density(limits[k])}`;
  };
  const items = colours.map((colour, k) => {
    const item = make("li");
    const patch = make("i");
    patch.style.background = colour;
    item.append(patch, make("span", name(k)));
    return item;
  });
  $("leg").replaceChildren(...items.reverse());
  const size = blockSize(projection());
  const joined = DATA.sizes.some((own) => own < size);
  const square = make("span", joined ? T("legend_block", { d: size }) : T("legend_cell"));
  $("legn").replaceChildren(square, " ", make("span", T("legend_fixed"), { class: "wide" }));
  legendKey();
}

function legendKey() {
  const items = [];
  for (const kind in TRACK_STYLES)
    if (S.layers[kind] && tracks.some((track) => track.kind === kind))
      items.push([T(`layer_${kind}`), TRACK_STYLES[kind].colour, TRACK_STYLES[kind].dash, null]);
  const shownZones = legibleZones(projection());
  for (const kind of new Set(shownZones.map(zoneKind))) {
    const { line, dash, fill, tints } = ZONE_STYLES[kind];
    items.push([T(`kind_${kind}`), line, dash || [], fill || (tints && tints[0])]);
  }
  if (S.layers.inferred) items.push([T("layer_inferred"), null, [], "hatch"]);
  $("key").replaceChildren(
    ...items.map(([text, line, dash, fill]) => {
      const item = make("li");
      const patch = document.createElement("canvas");
      patch.width = 36;
      patch.height = 20;
      patch.setAttribute("aria-hidden", "true");
      const g = patch.getContext("2d");
      g.scale(2, 2);
      if (fill === "hatch") {
        g.fillStyle = "#a3307e";
        g.fillRect(0, 0, 18, 10);
        g.fillStyle = hatching(g);
        g.fillRect(0, 0, 18, 10);
      } else if (fill) {
        g.fillStyle = fill;
        g.fillRect(0, 0, 18, 10);
      }
      if (line) {
        g.strokeStyle = line;
        g.lineWidth = 1.4;
        g.setLineDash(dash);
        g.beginPath();
        if (fill) g.rect(1, 1, 16, 8);
        else {
          g.moveTo(0, 5);
          g.lineTo(18, 5);
        }
        g.stroke();
      }
      item.append(patch, make("span", text));
      return item;
    }),
  );
}

const speciesSymbol = () => {
  const chosen = DATA.species[species()];
  const twins = DATA.species.some((each) => each.basis === "wtw");
  return twins && chosen.greenhouse ? `${chosen.symbol} (${chosen.basis === "wtw" ? "WtW" : "TtW"})` : chosen.symbol;
};

// --- tables -----------------------------------------------------------------------------------------

/** A share as a thin bar behind its number. */
function shareCell(share) {
  const cell = make("td", percent(share), { class: "n share" });
  const width = Math.max(0, Math.min(1, Math.abs(share) || 0)) * 100;
  cell.style.backgroundSize = `${width.toFixed(1)}% 100%`;
  return cell;
}

/** One row of a breakdown as text: [text, share of the whole or null] per column. */
function totalsColumns(of) {
  const { mode, a, b } = comparison();
  const sp = species();
  const total = shownTotal();
  const change = (k) => signed(percent(of.mass(b, sp, k, S.month) / of.mass(a, sp, k, S.month) - 1));
  const bounds = of.interval && !S.month && mode === "one";
  const small = (k) => (bounds ? of.interval(b, sp, k).map(mass).join(" – ") : "");
  const here = { head: unitName(), text: (k) => mass(of.mass(b, sp, k, S.month)), small };
  const share = { head: T("share"), share: (k) => shown(of, k) / total };
  const changed = { head: T("change"), text: change };
  if (mode === "swipe") {
    const before = { head: `${N(DATA.scenarios[a].name)}, ${unitName()}`, text: (k) => mass(of.mass(a, sp, k, S.month)) };
    return [before, { ...here, head: `${N(DATA.scenarios[b].name)}, ${unitName()}` }, changed];
  }
  if (mode === "diff") return [{ head: unitName(), text: (k) => signed(mass(shown(of, k))) }, share, changed];
  if (b) return [here, share, { ...changed, text: (k) => signed(percent(of.mass(b, sp, k, S.month) / of.mass(0, sp, k, S.month) - 1)) }];
  const seen = (k) => percent(of.hours(k, S.month) ? of.observed(k, S.month) / of.hours(k, S.month) : NaN);
  return [here, share, { head: T("hours"), text: (k) => fmt(of.hours(k, S.month)) }, { head: T("observed"), text: seen }];
}

/** Rows of a breakdown as one row: what the line "total" shows, and what paper has no room for. */
function gathered(of, rows) {
  const sum = (value) => rows.reduce((total, row) => total + value(row), 0);
  return {
    ...of,
    mass: (a, s, _, month) => sum((row) => of.mass(a, s, row, month)),
    hours: (_, month) => sum((row) => of.hours(row, month)),
    observed: (_, month) => sum((row) => of.observed(row, month)),
    interval: null,
  };
}

/** The whole, with its own bounds: they are no sum of those of its parts. */
const whole = (of) => ({
  ...gathered(of, of.rows.map((_, row) => row)),
  interval: DATA.total_interval && ((a, s) => DATA.total_interval.map((bound) => bound[a][s])),
});

const MOST_ON_PAPER = 14;

function fillTable(target, of) {
  const line = (name, note, columns, k) => {
    const tr = make("tr", null, k < 0 ? { class: "total" } : {});
    const th = make("th", name, { scope: "row" });
    if (note) th.append(make("small", note));
    tr.append(th);
    for (const column of columns) {
      if (column.share) {
        tr.append(shareCell(column.share(k)));
        continue;
      }
      const cell = make("td", column.text(k), { class: "n" });
      const small = column.small ? column.small(k) : "";
      if (small) cell.append(make("small", small));
      tr.append(cell);
    }
    return tr;
  };
  const columns = totalsColumns(of);
  const head = make("tr");
  [T("zone"), ...columns.map((column) => column.head)].forEach((text, k) => head.append(make("th", text, { scope: "col", class: k ? "n" : "" })));
  target.tHead.replaceChildren(head);
  const kept = of.rows.map((row, k) => ({ row, k, size: Math.abs(shown(of, k)) })).filter(({ k, size }) => size > 0 || of.hours(k, S.month) > 0);
  kept.sort((p, q) => q.size - p.size);
  const lines = kept.map(({ row, k }) => line(N(row.name), N(row.note), columns, k));
  target.tBodies[0].replaceChildren(line(T("total"), "", totalsColumns(whole(of)), -1), ...lines);
  const left = kept.slice(MOST_ON_PAPER);
  if (left.length > 1) {
    const rest = totalsColumns(gathered(of, left.map(({ k }) => k)));
    const tr = line(T("more_zones", { n: left.length }), "", rest, -1);
    tr.className = "paper";
    target.tBodies[0].append(tr);
    lines.slice(MOST_ON_PAPER).forEach((each) => each.classList.add("noprint"));
  }
  const bounds = columns.some((column) => column.small && column.small(0));
  const seen = comparison().mode === "one" && !comparison().b;
  $("ztnote").textContent = [bounds ? T("interval_help", { level: DATA.level }) : "", seen ? T("observed_help") : ""].filter(Boolean).join(" ");
}

function newTable(caption) {
  const element = make("table");
  element.append(make("caption", caption, { class: "vh" }), make("thead"), make("tbody"));
  return element;
}

// --- charts -----------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Width of a chart's text at 12 px, rather too wide than too narrow. [px] */
const textWidth = (text) => [...text].reduce((sum, sign) => sum + (sign.codePointAt(0) > 0x2e80 ? 12.5 : 7.2), 0);

/** Horizontal bars: one row each, name above the bar, figure at its end or, beside a long name, below it. */
function bars(rows, label) {
  const width = 360;
  const step = 30;
  const most = Math.max(...rows.map((row) => Math.abs(row.value)), 1e-300);
  const below = rows.map((row) => textWidth(row.name) + textWidth(row.text) > width - 8);
  const high = rows.length * step + 2 + below.filter(Boolean).length * 15;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${high}`, role: "img", "aria-label": label, class: "chart" });
  let y = -step;
  rows.forEach((row, k) => {
    y += step;
    if (below[k]) {
      picture.append(svg("text", { x: 0, y: y + 12, class: "name" }, row.name));
      y += 15;
    }
    const long = (Math.abs(row.value) / most) * (width - 4);
    if (!below[k]) picture.append(svg("text", { x: 0, y: y + 12, class: "name" }, row.name));
    picture.append(
      svg("text", { x: width, y: y + 12, class: "figure", "text-anchor": "end" }, row.text),
      svg("rect", { x: 0, y: y + 16, width: width - 2, height: 8, class: "rail" }),
      svg("rect", { x: 0, y: y + 16, width: Math.max(long, row.value ? 1 : 0), height: 8, class: row.value < 0 ? "bar less" : "bar" }),
    );
  });
  return picture;
}

/** Twelve or so columns; the month shown is dark. */
function columns(values, names, label, current) {
  const width = 360;
  const height = 110;
  const most = Math.max(...values.map(Math.abs), 1e-300);
  const step = width / values.length;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" });
  values.forEach((value, k) => {
    const high = (Math.abs(value) / most) * (height - 22);
    const column = svg("rect", {
      x: k * step + 2, y: height - 18 - high, width: Math.max(1, step - 4), height: Math.max(high, value ? 1 : 0),
      class: current && current !== k + 1 ? "bar pale" : "bar",
    });
    column.append(svg("title", {}, `${names[k]}: ${mass(value)} ${unitName()}`));
    picture.append(column);
    if (values.length <= 14 || k % Math.ceil(values.length / 12) === 0)
      picture.append(svg("text", { x: (k + 0.5) * step, y: height - 5, "text-anchor": "middle", class: "tick" }, T(MONTH_KEYS[+DATA.months[k].split("-")[1] - 1])));
  });
  return picture;
}

/** The chart's figures once more, as a table that opens. */
function figures(rows, head) {
  const details = make("details", null, { class: "figures" });
  const element = newTable(T("table"));
  const tr = make("tr");
  tr.append(make("th", head, { scope: "col" }), make("th", unitName(), { scope: "col", class: "n" }), make("th", T("share"), { scope: "col", class: "n" }));
  element.tHead.append(tr);
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  for (const row of rows) {
    const line = make("tr");
    line.append(make("th", row.name, { scope: "row" }), make("td", row.text, { class: "n" }), make("td", percent(row.value / total), { class: "n" }));
    element.tBodies[0].append(line);
  }
  details.append(make("summary", T("table")), element);
  return details;
}

function breakdownChart(kind, holder, section, head) {
  const of = table(kind);
  $(section).hidden = !of;
  if (!of) return;
  const total = shownTotal();
  const rows = of.rows
    .map((row, k) => ({ name: N(row.name), value: shown(of, k) }))
    .filter((row) => row.value !== 0)
    .map((row) => ({ ...row, text: `${mass(row.value)} ${unitName()} · ${percent(row.value / total)}` }));
  if (kind === "classes") rows.sort((p, q) => Math.abs(q.value) - Math.abs(p.value));
  $(holder).replaceChildren(bars(rows, `${T(head)}: ${speciesSymbol()}`), figures(rows.map((r) => ({ ...r, text: mass(r.value) })), T(head)));
}

function monthChart() {
  $("monthsec").hidden = DATA.months.length < 2;
  if (DATA.months.length < 2) return;
  const values = DATA.months.map((_, k) => shownTotal(k + 1));
  const names = DATA.months.map((_, k) => monthName(k + 1));
  const rows = values.map((value, k) => ({ name: names[k], value, text: mass(value) }));
  $("monthchart").replaceChildren(columns(values, names, `${T("months")}: ${speciesSymbol()}`, S.month), figures(rows, T("month")));
}

// --- the two ports ----------------------------------------------------------------------------------

function portPair() {
  $("portsec").hidden = !DATA.ports.length;
  const first = zoneTables()[0];
  $("pair").replaceChildren(
    ...DATA.ports.map((port) => {
      const card = make("div", null, { class: "card" });
      const button = make("button", null, { type: "button", "aria-label": T("open_inset", { name: N(port.name) }) });
      const canvas = document.createElement("canvas");
      canvas.setAttribute("aria-hidden", "true");
      button.append(canvas);
      button.onclick = () => goTo(port.bounds);
      let inZones = 0;
      first.rows.forEach((row, k) => {
        if (port.zones.includes(row.key)) inZones += shown(first, k);
      });
      const line = make("p");
      line.append(make("strong", N(port.name)));
      if (port.zones.length) line.append(make("span", ` ${mass(inZones)} ${unitName()} ${T("port_total")}`));
      card.append(button, line);
      requestAnimationFrame(() => {
        picture(canvas, port.bounds, 172, 150, { labels: false, scale: 2 });
        canvas.style.width = "100%";
      });
      return card;
    }),
  );
}

// --- the chosen cell --------------------------------------------------------------------------------

function cellPanel(at) {
  const holder = $("cell");
  const i = S.sel;
  if (i < 0) {
    const words = at ? `${position(at.lat, at.lng)}: ${T("cell_empty")}` : T("cell_hint");
    holder.replaceChildren(make("p", words, { class: "note" }));
    return;
  }
  const size = cells.size[i];
  const lat = cells.south[i] + size / 2;
  const lon = cells.west[i] + size / 2;
  const kg = shownMass(i);
  const total = shownTotal();
  const rows = [
    [T("place"), placeName(lat, lon) || T("open_sea")],
    [T("position"), position(lat, lon, size < 0.1 ? 3 : 2)],
    [T("cell_size"), `${size}° · ${fmt(cells.area[i])} km²`],
    [speciesSymbol(), `${mass(kg)} ${unitName()}`],
    [T("density"), `${density(kg / cells.area[i])} ${densityUnit()}`],
    [T("share_all"), percent(kg / total)],
    [T("observed"), percent(cells.observed[i] / 255)],
  ];
  if (cells.interval) {
    const bound = (factor) => mass(kg * factor);
    rows.push([T("cell_interval", { level: DATA.level }), `${bound(cells.interval.low[i])} – ${bound(cells.interval.high[i])} ${unitName()}`]);
  }
  const element = newTable(T("cell"));
  for (const [name, value] of rows) {
    const tr = make("tr");
    tr.append(make("th", name, { scope: "row" }), make("td", value, { class: "n" }));
    element.tBodies[0].append(tr);
  }
  const parts = [element, make("h3", T("phases")), shareBars(cells.phases, DATA.phases, i)];
  if (cells.classes) parts.push(make("h3", T("classes")), shareBars(cells.classes, DATA.classes, i));
  if (cells.who) parts.push(make("h3", T("ships")), whoTable(i));
  if (cells.months) parts.push(make("h3", T("months")), cellMonths(i));
  parts.push(make("p", T("cell_note", { p: DATA.species[0].symbol }), { class: "note" }));
  holder.replaceChildren(...parts);
}

function shareBars(shares, names, i) {
  const sum = shares.reduce((x, share) => x + share[i], 0);
  const rows = names
    .map((item, k) => ({ name: N(item.name), value: sum ? shares[k][i] / sum : 0 }))
    .filter((row) => row.value > 0)
    .map((row) => ({ ...row, text: percent(row.value) }));
  return bars(rows, rows.map((row) => `${row.name} ${row.text}`).join(", "));
}

/** The cell's largest contributors, as far as this page may name them. */
function whoTable(i) {
  const element = newTable(T("ships"));
  cells.who.forEach((numbers, k) => {
    if (numbers[i] < 0) return;
    const vessel = DATA.vessels[numbers[i]];
    const tr = make("tr");
    const th = make("th", vessel.name || N(vessel.kind), { scope: "row" });
    if (vessel.name) th.append(make("small", N(vessel.kind)));
    tr.append(th, make("td", percent(cells.whoShare[k][i] / 255), { class: "n" }));
    element.tBodies[0].append(tr);
  });
  return element;
}

function cellMonths(i) {
  const values = cells.months.map((month) => cells.mass[comparison().b][species()][i] * month[i] * cells.perMonth[i]);
  const names = DATA.months.map((_, k) => monthName(k + 1));
  return columns(values, names, names.map((name, k) => `${name} ${mass(values[k])}`).join(", "), S.month);
}

// --- hotspots ---------------------------------------------------------------------------------------

function topList() {
  $("tophint").textContent = T("top_hint", { u: densityUnit() });
  $("top").replaceChildren(
    ...hotspots().map((i) => {
      const item = make("li");
      const button = make("button", null, { type: "button" });
      const size = cells.size[i];
      const lat = cells.south[i] + size / 2;
      const lon = cells.west[i] + size / 2;
      const where = make("span", placeName(lat, lon) || T("open_sea"));
      where.append(make("small", position(lat, lon)));
      button.append(where, make("span", density(shownDensity(i)), { class: "n" }));
      button.onclick = () => select(i, true);
      item.append(button);
      return item;
    }),
  );
}
