/** The map as a page: one file, no script, nothing loaded; light and dark as the reader has it; good to print. */
import type { MapCell, ReservationMap } from "./map.ts";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character] as string);

const style = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a404a); --dim: light-dark(#5b6472, #9aa3b2); --hold: light-dark(#e3f1e5, #1e3a28); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: light-dark(#1b1f26, #e6e9ee); background: light-dark(#fff, #14171c); }
h1 { font-size: 1.35rem; font-weight: 650; margin: 0; }
p { color: var(--dim); margin: .25rem 0 1.5rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .5rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-weight: 600; border-bottom-width: 2px; }
thead small { display: block; font-weight: 400; color: var(--dim); }
tbody th { font-weight: 500; }
td { font-family: ui-monospace, monospace; font-size: .93em; }
td small { font-family: system-ui, sans-serif; display: block; }
.holds { background: var(--hold); }
.none, .away { color: var(--dim); }
`;

function cell(content: MapCell | undefined): string {
  if (content === undefined) return '<td class="none">not registered</td>';
  const { keys, ports, holder } = content;
  const notes = [holder ? "holds the reservation" : "", ports > 1 ? `${ports} ports` : ""].filter(
    (note) => note !== "",
  );
  const small = notes.length === 0 ? "" : `<small>${notes.join(", ")}</small>`;
  return `<td${holder ? ' class="holds"' : ""}>${keys.map(escaped).join(" ")}${small}</td>`;
}

/**
 * The page.
 *
 * @param at when the units were asked
 */
export function mapPage({ units, hosts }: ReservationMap, at: Date): string {
  const heads = units.map(
    ({ name, says, reached }) =>
      `<th scope="col"${reached ? "" : ' class="away"'}>${escaped(name)}<small>${escaped(says)}</small></th>`,
  );
  const rows = hosts.map(
    ({ name, cells }) => `<tr><th scope="row">${escaped(name)}</th>${cells.map(cell).join("")}</tr>`,
  );
  const empty = `<tr><td colspan="${units.length + 1}" class="none">Nobody is registered.</td></tr>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Persistent reservations</title>
<style>${style}</style>
<h1>Persistent reservations</h1>
<p>As the units reported them on <time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace("T", " ")} UTC</time>.</p>
<div><table>
<thead><tr><th scope="col">Host</th>${heads.join("")}</tr></thead>
<tbody>${rows.length === 0 ? empty : rows.join("\n")}</tbody>
</table></div>
</html>
`;
}
