/**
 * The renderer. A simulated disk lives in the page itself, with the codec's WebAssembly; everything else is asked of the main
 * process through the preload script's bridge. Both give the same plain data, so that the rest does not know which it was.
 */
import { isScsiError, open, reservationTypeNames } from "./library/browser.js";
import { createReservations } from "./shared/reservations.js";

const inPage = createReservations({ open, isScsiError, reservationTypeNames, allowed: /^sim:/ });
const of = (url) => (url.startsWith("sim:") ? inPage : window.reservations);
const element = (id) => document.getElementById(id);
const hex = (key) => `0x${key.toString(16)}`;

/** A key as typed; what is no number goes on as it is, and is refused with words. */
function typedKey(id) {
  const text = element(id).value.trim();
  return /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? BigInt(text) : text;
}

function say({ ok, error }) {
  element("outcome").textContent = ok ? "GOOD" : `${error.code} (delivered: ${error.delivered}): ${error.message}`;
}

async function look() {
  const url = element("url").value;
  // What was seen of another unit must not stand beside this one's name.
  for (const id of ["name", "reservation", "keys", "generation"]) element(id).textContent = "-";
  const looked = await of(url).look(url);
  if (!looked.ok) return looked;
  const { name, keys, prGeneration, holder, type, key } = looked.value;
  const holders = {
    none: "none",
    "one-nexus": `${type}, held under ${hex(key ?? 0n)}`,
    "all-registrants": `${type}, held by all`,
  };
  element("name").textContent = name;
  element("keys").textContent = keys.length === 0 ? "none" : keys.map(hex).join(", ");
  element("reservation").textContent = holders[holder];
  element("generation").textContent = prGeneration;
  return looked;
}

async function act() {
  const url = element("url").value;
  const key = typedKey("key");
  const other = typedKey("other");
  const fields = { key, newKey: other, victimKey: other, type: element("type").value };
  const done = await of(url).perform(url, element("action").value, fields);
  await look();
  return done;
}

for (const [id, work] of [
  ["where", look],
  ["act", act],
]) {
  element(id).addEventListener("submit", (event) => {
    event.preventDefault();
    element("outcome").textContent = "";
    work().then(say, (error) =>
      say({ ok: false, error: { code: "UNEXPECTED", delivered: "unknown", message: error.message } }),
    );
  });
}

element("type").append(...reservationTypeNames.map((name) => new Option(name)));
const devices = await window.reservations?.devices();
if (devices?.ok) element("devices").append(...devices.value.map(({ url, name }) => new Option(name, url)));
say(await look());
