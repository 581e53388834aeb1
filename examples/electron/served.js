/**
 * The page's files, for `protocol.handle`. Modules cannot be loaded from file:, so the page has a scheme of its own. What may be
 * asked for is a list, made once: no path is ever put together from what a request says.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export const scheme = "reservations";

/** Where the page is, and what the URL of every frame that is answered begins with. */
export const home = `${scheme}://tool/`;

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css" };

/**
 * @param page the folder of the page
 * @param shared the folder of what both processes use
 * @param library the folder `dist` of the installed package; its modules run in the page as they are
 * @returns from a request for one of the files to its response
 */
export function pageServer({ page, shared, library }) {
  const files = new Map([["/shared/reservations.js", join(shared, "reservations.js")]]);
  const add = (folder, path) => {
    for (const name of readdirSync(folder)) if (extname(name) in types) files.set(path + name, join(folder, name));
  };
  add(page, "/");
  add(library, "/library/");
  add(join(library, "chunks"), "/library/chunks/");
  files.set("/", join(page, "index.html"));
  return async ({ url }) => {
    const file = files.get(new URL(url).pathname);
    if (file === undefined) return new Response("There is no such file", { status: 404 });
    const headers = { "content-type": types[extname(file)], "x-content-type-options": "nosniff" };
    return new Response(await readFile(file), { headers });
  };
}
