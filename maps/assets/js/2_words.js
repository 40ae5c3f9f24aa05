// Words, numbers and units in the chosen language. Every text reaches the page through textContent.

const WORDS = DATA.words;
const MONTH_KEYS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const KG_PER = { t: 1000, kg: 1, st: 907.18474 };

const isChinese = () => S.lang === "zh";

/** The phrase of a key, its {places} filled in. */
function T(key, places) {
  const own = WORDS[S.lang] || {};
  let text = own[key] ?? spelt(WORDS.en[key] ?? key);
  for (const name in places || {}) text = text.split(`{${name}}`).join(places[name]);
  return text;
}

/** English as the reader spells it: data speak British, as the method they follow does. */
function spelt(text) {
  if (S.lang !== "en-US") return text;
  return text.replace(SPELLING, (word) => {
    const american = WORDS.spelling[word.toLowerCase()];
    return word[0] === word[0].toUpperCase() ? american[0].toUpperCase() + american.slice(1) : american;
  });
}
const SPELLING = new RegExp(Object.keys(WORDS.spelling).join("|"), "gi");

/** A pair [English, Chinese] in the chosen language. */
const N = (pair) => (pair ? (isChinese() ? pair[1] : spelt(pair[0])) : "");

const number = (x, digits) =>
  x.toLocaleString(isChinese() ? "zh-CN" : S.lang === "en-US" ? "en-US" : "en-GB", {
    maximumFractionDigits: digits,
    minimumFractionDigits: 0,
  });

/** Three significant digits, whole above a thousand. */
function fmt(x) {
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const sign = x < 0 ? "−" : "";
  if (size >= 100) return sign + number(size, 0);
  if (size < 1e-4) return sign + size.toExponential(1).replace("-", "−");
  return sign + number(size, Math.max(0, 2 - Math.floor(Math.log10(size))));
}

const percent = (x) =>
  Number.isFinite(x) ? `${x < 0 ? "−" : ""}${number(100 * Math.abs(x), Math.abs(x) < 0.0995 ? 1 : 0)} %` : "–";
const signed = (text) => (text.startsWith("−") || text === "0" || text === "0 %" ? text : `+${text}`);

const unitName = () => T(`abbr_${S.unit}`);
const inUnit = (kg) => kg / KG_PER[S.unit];
const mass = (kg) => fmt(inUnit(kg));

// A species' densities are told in one unit, chosen with its classes.
const densityScale = () => DATA.density[DATA.species[species()].key];
const densityUnit = () => T(`density_${densityScale()[0]}`);
const density = (kgPerKm2) => fmt(kgPerKm2 * densityScale()[1]);

function monthName(index) {
  if (!index) return DATA.months.length > 1 ? T("all_months") : N(DATA.period);
  const [year, month] = DATA.months[index - 1].split("-");
  return T("month_label", { month: T(MONTH_KEYS[+month - 1]), year });
}

const lonText = (lon, digits) => {
  const x = ((lon % 360) + 360) % 360;
  if (x === 0 || x === 180) return `${x}°`;
  return x > 180 ? T("west", { x: (360 - x).toFixed(digits) }) : T("east", { x: x.toFixed(digits) });
};
const latText = (lat, digits) =>
  lat === 0 ? "0°" : T(lat < 0 ? "south" : "north", { x: Math.abs(lat).toFixed(digits) });
const position = (lat, lon, digits = 2) => `${latText(lat, digits)}, ${lonText(lon, digits)}`;

/** A new element with its text and attributes. */
function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const name in attributes || {}) element.setAttribute(name, attributes[name]);
  return element;
}

/** Fill all fixed words of the page. */
function speak() {
  document.documentElement.lang = isChinese() ? "zh-Hans" : S.lang;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = T(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]"))
    element.setAttribute("aria-label", T(element.dataset.tLabel));
  document.title = (DATA.simulated ? `${T("simulated")} – ` : "") + N(DATA.title);
}
