/** Serves dist/playground to browsers on this machine, and says where. Nothing of it is needed to open the page from its folder. */
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../dist/playground", import.meta.url));
if (!existsSync(folder)) throw new Error("dist/playground is not built: npm run build");
const files = new Set(readdirSync(folder));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const server = createServer(({ url = "/" }, response) => {
  const name = url === "/" ? "index.html" : url.slice(1);
  if (!files.has(name)) return response.writeHead(404).end();
  response.writeHead(200, {
    "content-type": `${types[extname(name)]}; charset=utf-8`,
    "content-security-policy": "frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  return createReadStream(join(folder, name)).pipe(response);
});
server.listen(Number(process.env.PORT ?? 8480), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/  (Control-C ends it)`);
});
