/** The playground as it is in the tarball, in Chromium: driven as people drive it, by mouse and by keyboard alone, and looked at. */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, servePage } from "../packages/browser.mjs";
import { project, root } from "../packages/places.mjs";

const shots = join(root, "build", "page");
const fence = "#v1:2x1;A0,register,new=a;B0,register,new=b;A0,reserve,key=a,type=1";
let browser;
let context;
let server;
let folder;
const complaints = [];

beforeAll(async () => {
  folder = join(project("playground", {}), "node_modules", "scsi-persist", "dist", "playground");
  server = await servePage(folder);
  browser = await openBrowser();
  // One for all: a page of its own is enough between tests, and much sooner there.
  context = await browser.newContext();
  mkdirSync(shots, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page; every error that it or the browser reports is kept. */
async function open(hash = "", { width = 1280, height = 900, scheme = "light" } = {}) {
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme });
  page.setDefaultTimeout(5000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => /error|warning/.test(message.type()) && complaints.push(message.text()));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  await page.goto(server.url + hash);
  await page.waitForSelector("#map td");
  await page.waitForFunction(
    () => !document.querySelector("#welcome").hidden || !document.querySelector("#player").hidden,
  );
  return page;
}

const text = (page, selector) => page.locator(selector).textContent();
const verdict = (page, wanted) =>
  page.waitForFunction((end) => document.querySelector("#last-verdict").textContent === end, wanted);
/** What a cell of the map says, in one line. */
const cell = async (page, host, unit = 0) =>
  (
    await page
      .locator(`#map tbody:nth-of-type(${unit + 1}) td`)
      .nth(host)
      .locator("p")
      .allInnerTexts()
  )
    .join(" ")
    .replaceAll(/\s+/g, " ");

describe("a story", () => {
  test("of two hosts and a fence, step by step", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Two hosts and a fence" }).click();
    const expected = [
      ["REGISTER", "GOOD", "Registered 0xa may read and write", "Not registered may read and write"],
      ["REGISTER", "GOOD", "Registered 0xa may read and write", "Registered 0xb may read and write"],
      ["RESERVE", "GOOD", "Holder 0xa may read may write", "Registered 0xb may read may not write"],
      ["WRITE (10)", "GOOD"],
      ["WRITE (10)", "RESERVATION CONFLICT"],
      ["READ (10)", "GOOD"],
      ["PREEMPT AND ABORT", "GOOD", "Not registered may read may not write", "Holder 0xb may read may write"],
      ["TEST UNIT READY", "CHECK CONDITION: UNIT ATTENTION"],
      ["WRITE (10)", "RESERVATION CONFLICT"],
      ["WRITE (10)", "GOOD"],
      ["READ (10)", "GOOD"],
      ["RELEASE", "GOOD", "Not registered may read and write", "Registered 0xb may read and write"],
      ["REGISTER", "GOOD", "Not registered may read and write", "Not registered may read and write"],
    ];
    for (const [index, [name, end, a, b]] of expected.entries()) {
      await page.waitForFunction(
        (at) => document.querySelector("#position").textContent === at,
        `Step ${index + 1} of 13`,
      );
      expect(await text(page, "#last-title")).toMatch(name);
      expect(await text(page, "#last-verdict")).toBe(end);
      if (a !== undefined) expect([await cell(page, 0), await cell(page, 1)]).toEqual([a, b]);
      if (index < 12) await page.getByRole("button", { name: "Next step" }).click();
    }
    expect(await text(page, "#map .facts")).toContain("written by B");
    // Back to the fence: what is seen there is what was seen.
    await page.getByRole("button", { name: /PREEMPT AND ABORT/ }).click();
    await verdict(page, "GOOD");
    expect(await cell(page, 1)).toBe("Holder 0xb may read may write");
    expect(await text(page, "#map td:first-child .notes")).toMatch(/REGISTRATIONS PREEMPTED/);
    expect(await page.evaluate(() => location.hash)).toBe("#story:fence");
    await page.close();
  });

  test("plays by itself", async () => {
    const page = await open("#story:power");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.waitForFunction(() => document.querySelector("#position").textContent === "Step 1 of 11");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    await page.close();
  });
});

describe("a conflict", () => {
  test("is explained, and what can be done is put into the form", async () => {
    const page = await open(fence);
    await page.getByRole("button", { name: "Write: Host B, Unit 0" }).click();
    await verdict(page, "RESERVATION CONFLICT");
    expect(await text(page, "#last-because")).toMatch(
      /A reservation of type write-exclusive is held by key 0xa \(Host A\): only the holder may write.*registered with key 0xb and does not hold it/,
    );
    await page.getByRole("button", { name: "Prepare PREEMPT of 0xa" }).click();
    expect(await page.getByLabel("Key to remove").inputValue()).toBe("0xa");
    expect(await text(page, "#preview")).toBe("5F 04 01 00 00 00 00 00 18 00");
    await page.getByRole("button", { name: "Send PREEMPT" }).click();
    await verdict(page, "GOOD");
    expect(await cell(page, 1)).toBe("Holder 0xb may read may write");
    await page.close();
  });

  test("of a field: sense data point at it, and it is marked where it stands", async () => {
    const page = await open(`${fence};A0,release,key=a,type=1;A0,reserve,key=a,type=2`);
    await verdict(page, "CHECK CONDITION: ILLEGAL REQUEST");
    expect(await text(page, "#last-because")).toMatch(
      /INVALID FIELD IN CDB.*The field meant is TYPE \(CDB byte 2, bit 3\)/,
    );
    expect(await page.locator(".meant").allInnerTexts()).toEqual([expect.stringMatching(/^TYPE\s+2h/)]);
    await page.close();
  });
});

describe("what is sent", () => {
  test("is drawn field by field, as the standard draws it", async () => {
    const page = await open();
    await page.locator("#action-register").check();
    await page.getByLabel("New key").fill("0x123456789abcdef0");
    await page.getByLabel("APTPL").check();
    await page.getByRole("button", { name: "Send REGISTER" }).click();
    await verdict(page, "GOOD");
    const table = (name) => page.getByRole("table", { name });
    const rows = async (name) =>
      (await table(name).locator("tbody tr").allInnerTexts()).map((row) => row.replaceAll(/\s+/g, " ").trim());
    expect(await rows(/^CDB/)).toEqual([
      "0 OPERATION CODE 5Fh PERSISTENT RESERVE OUT 5F",
      "1 Reserved SERVICE ACTION 00h REGISTER 00",
      "2 SCOPE 0h LU_SCOPE TYPE 0h 00",
      "3 Reserved 00",
      "4 00",
      "5 PARAMETER LIST LENGTH 00000018h 24 bytes 00",
      "⋯ 00 00",
      "8 18",
      "9 CONTROL 00h 00",
    ]);
    expect(await rows("Parameter list")).toEqual([
      "0 RESERVATION KEY 0x0 00",
      "⋯ 00 00 00 …",
      "7 00",
      "8 SERVICE ACTION RESERVATION KEY 0x123456789abcdef0 12",
      "⋯ 34 56 78 …",
      "15 F0",
      "16 Obsolete 00",
      "⋯ 00 00",
      "19 00",
      "20 Reserved SPEC_I_PT 0 ALL_TG_PT 0 Reserved APTPL 1 01",
      "21 Reserved 00",
      "22 Obsolete 00",
      "23 00",
    ]);
    await page.close();
  });

  test("can be everything: each action, from any host to any unit", async () => {
    const page = await open("#v1:3x2");
    const names = await page.locator("input[name=action]").evaluateAll((inputs) => inputs.map(({ id }) => id));
    expect(names).toHaveLength(17);
    await page.getByLabel("From", { exact: true }).selectOption("Host C");
    await page.getByLabel("to", { exact: true }).selectOption("Unit 1");
    for (const [index, id] of names.entries()) {
      await page.locator(`#${id}`).check();
      await page.locator("#send").click();
      await page.waitForFunction((count) => document.querySelectorAll("#steps li").length === count, index + 1);
      expect(await text(page, "#last-title")).toMatch(/^Host C → Unit 1: /);
    }
    await page.close();
  });

  test("goes where paths, power and memory let it", async () => {
    const page = await open(fence);
    await page.getByRole("button", { name: "Cut the path: Host A, Unit 0" }).click();
    await page.getByRole("button", { name: "Read: Host A, Unit 0" }).click();
    await verdict(page, "NO ANSWER");
    await page.getByRole("button", { name: "Mend the path: Host A, Unit 0" }).click();
    await page.getByRole("button", { name: "Read: Host A, Unit 0" }).click();
    await verdict(page, "CHECK CONDITION: UNIT ATTENTION");
    expect(await text(page, "#last-because")).toContain("I_T NEXUS LOSS OCCURRED");
    await page.getByRole("button", { name: "Power goes and comes back: Unit 0" }).click();
    await verdict(page, "POWER LOSS");
    expect(await cell(page, 0)).toBe("Not registered may read and write");
    await page.getByRole("button", { name: "Reservation information is lost: Unit 0" }).click();
    await page.locator("#action-keys").check();
    await page.locator("#send").click();
    await page.locator("#send").click();
    await verdict(page, "CHECK CONDITION: DATA PROTECT");
    expect(await text(page, "#last-because")).toContain("PERSISTENT RESERVATION INFORMATION LOST");
    await page.close();
  });
});

describe("a link", () => {
  test("restores what it was made of", async () => {
    const page = await open(fence);
    await page.getByRole("button", { name: "Write: Host A, Unit 0" }).click();
    await page.getByRole("button", { name: "Logical unit reset: Unit 0" }).click();
    await verdict(page, "RESET");
    const link = await page.getByLabel("Link to this script").inputValue();
    expect(link).toBe(`${server.url}${fence};A0,write,text=from%20Host%20A;0,reset`);
    expect(page.url()).toBe(link);
    const seen = await page.locator("#map").textContent();
    const steps = await page.locator("#steps").textContent();
    await page.close();
    const other = await open(link.slice(server.url.length));
    await verdict(other, "RESET");
    expect(await other.locator("#map").textContent()).toBe(seen);
    expect(await other.locator("#steps").textContent()).toBe(steps);
    // A new address in the same tab is followed too.
    await other.evaluate((hash) => location.assign(hash), `${fence};A0,clear,key=a`);
    await other.waitForFunction(() => document.querySelector("#last-title").textContent.endsWith("CLEAR"));
    expect(await cell(other, 0)).toBe("Not registered may read and write");
    await other.close();
  });

  test("that is hostile is refused, with the reason, and nothing of it is used", async () => {
    const page = await open("#v1:2x1;A0,<img/src/onerror=alert(1)>");
    const alert = page.getByRole("alert").filter({ hasText: "cannot be opened" });
    expect(await alert.textContent()).toMatch(/Step 1: .*nothing that can happen/);
    for (const [hash, reason] of [
      ["<img src=x onerror=alert(1)>", "does not begin"],
      ["v1:2x1;A0,write,text=%3Cimg%20src=x%20onerror=alert(1)%3E%3Cscript%3Ealert(2)%3C/script%3E", "no value"],
      ["v7:2x1;A0,ready", "version 7"],
      [`v1:2x1${";A0,ready".repeat(5000)}`, "more than any script"],
      ["story:constructor", "does not begin"],
    ]) {
      await page.evaluate((next) => {
        location.hash = next;
      }, hash);
      await page.getByText(reason).waitFor();
      expect(await page.locator("img, main script, #refused b").count()).toBe(0);
      expect(await page.locator("#steps li").count()).toBe(0);
    }
    // A good one after all that is taken.
    await page.evaluate((next) => {
      location.hash = next;
    }, fence);
    await verdict(page, "GOOD");
    expect(await alert.count()).toBe(0);
    await page.close();
  });

  test("with markup in its data shows it as the text that it is", async () => {
    const page = await open("#v1:2x1;A0,write,text=%3Cb%3Ebold%3C%2Fb%3E;A0,read");
    await verdict(page, "GOOD");
    expect(await text(page, "#last-because")).toContain("<b>bold</b>");
    expect(await text(page, "#map .facts")).toContain("<b>bold</b>");
    expect(await page.locator("#map b, #last b:not(#last-empty b), #steps b").count()).toBe(0);
    await page.close();
  });
});

describe("by keyboard alone", () => {
  /** Presses Tab until what has the focus matches; its accessible text. */
  async function tabTo(page, pattern, key = "Tab") {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press(key);
      const name = await page.evaluate(() => {
        const { activeElement: at } = document;
        return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
      });
      if (pattern.test(name)) return name;
    }
    throw new Error(`Tab never comes to ${pattern}`);
  }
  const focused = (page) =>
    page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("aria-label"));

  test("a story is told, a command composed and sent, and the focus stays", async () => {
    const page = await open();
    await tabTo(page, /^Two hosts and a fence/);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "next");
    for (let step = 2; step <= 13; step++) {
      await page.keyboard.press("Enter");
      await page.waitForFunction((at) => document.querySelector("#position").textContent === at, `Step ${step} of 13`);
    }
    // At the end the button does nothing more, and has the focus all the same.
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("next");
    await tabTo(page, /^Other stories/);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /^Two hosts/.test(document.activeElement.textContent));
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "next");
    await tabTo(page, /^Write: Host A/);
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelectorAll("#steps li").length === 2);
    expect(await focused(page)).toBe("Write: Host A, Unit 0");
    await tabTo(page, /^REGISTER$/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await focused(page)).toBe("action-reserve");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await tabTo(page, /^New key/);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("c0ffee");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("#steps li").length === 3);
    expect(await cell(page, 0)).toMatch(/0xc0ffee/);
    expect(await focused(page)).toBe("argument-newKey");
    await page.close();
  });

  test("the way past the head leads to the map, and writes nothing into the address", async () => {
    const page = await open(fence);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("map-heading");
    expect(await page.evaluate(() => location.hash)).toBe(fence);
    await page.close();
  });
});

describe("for everybody", () => {
  test("everything that can be pressed has a name of its own, everything that is shown a place", async () => {
    const page = await open(`${fence};B0,write,text=x`);
    const found = await page.evaluate(() => {
      const visible = [...document.querySelectorAll("button, input, select, a")].filter((node) =>
        node.checkVisibility(),
      );
      const nameOf = (node) =>
        node.getAttribute("aria-label") ??
        ([...(node.labels ?? [])].map(({ textContent }) => textContent).join(" ") || node.textContent);
      const names = visible.map((node) => nameOf(node).trim());
      const buttons = visible.filter(({ tagName }) => tagName === "BUTTON").map((node) => nameOf(node).trim());
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
      const refers = [...document.querySelectorAll("[aria-describedby], [aria-labelledby]")].flatMap((node) =>
        `${node.getAttribute("aria-describedby") ?? ""} ${node.getAttribute("aria-labelledby") ?? ""}`
          .trim()
          .split(/\s+/),
      );
      return {
        nameless: names.filter((name) => name === "").length,
        twice: buttons.filter((name, index) => buttons.indexOf(name) !== index),
        sameIds: ids.filter((id, index) => ids.indexOf(id) !== index),
        dangling: refers.filter((id) => !ids.includes(id)),
        unlabelled: [...document.querySelectorAll("section")].filter(
          (node) =>
            node.checkVisibility() &&
            node.closest("#last-words") === null &&
            !node.ariaLabel &&
            !node.getAttribute("aria-labelledby"),
        ).length,
        headings: [...document.querySelectorAll("h1, h2, h3")]
          .filter((node) => node.checkVisibility())
          .map(({ tagName }) => tagName),
        unscoped: [...document.querySelectorAll("th")].filter(({ scope }) => scope === "").length,
        captions: [...document.querySelectorAll("table")].filter((table) => !table.caption?.textContent).length,
        live: ["last-title", "narration", "announce"].filter(
          (id) => document.getElementById(id).closest("[role=status], [aria-live]") === null,
        ),
        language: document.documentElement.lang,
      };
    });
    expect(found).toMatchObject({
      nameless: 0,
      twice: [],
      sameIds: [],
      dangling: [],
      unlabelled: 0,
      unscoped: 0,
      captions: 0,
      live: [],
      language: "en",
    });
    expect(found.headings[0]).toBe("H1");
    expect(found.headings.filter((name) => name === "H1")).toHaveLength(1);
    const tree = await page.locator("#last .result").ariaSnapshot();
    expect(tree).toMatch(/status:.*Host B → Unit 0: WRITE \(10\).*RESERVATION CONFLICT/s);
    await page.close();
  });

  test.each(["light", "dark"])("text can be read: %s", async (scheme) => {
    const page = await open(`${fence};B0,write,text=x;A0,cut;0,reset;B0,ready`, { scheme });
    await verdict(page, "CHECK CONDITION: UNIT ATTENTION");
    await page.waitForTimeout(300);
    const faint = await page.evaluate(() => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
      };
      const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((value) =>
          value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      const behind = (node) => {
        for (let at = node; at !== null; at = at.parentElement) {
          const colour = rgba(getComputedStyle(at).backgroundColor);
          if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
      };
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const faint = new Set();
      for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
        const node = text.parentElement;
        if (
          text.data.trim() === "" ||
          !node.checkVisibility({ opacityProperty: true }) ||
          node.closest(".visually-hidden, [aria-disabled=true], :disabled, .skip")
        )
          continue;
        const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.add(`${node.className} ${text.data.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
      }
      return [...faint];
    });
    expect(faint).toEqual([]);
    await page.close();
  });

  test("nothing reaches beyond the window, from 400 to 1600 pixels", async () => {
    const long = "W".repeat(32);
    const script = `#v1:4x3;A0,register,new=ffffffffffffffff,ports=BC;A0,reserve,key=ffffffffffffffff,type=5;0,reset;C1,cut;A0,write,text=${long};A0,write,text=${long};D0,status;D0,status`;
    for (const hash of ["", `${fence};A0,status`, script]) {
      const page = await open(hash);
      for (const width of [400, 640, 820, 1000, 1280, 1510, 1600]) {
        await page.setViewportSize({ width, height: 900 });
        const beyond = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
        expect(await page.evaluate(beyond), `${hash} at ${width}`).toBe(0);
      }
      await page.close();
    }
  });

  test.each([
    [400, "light"],
    [400, "dark"],
    [1600, "light"],
    [1600, "dark"],
  ])("pictures to look at: %i pixels, %s", async (width, scheme) => {
    const first = await open("", { width, scheme });
    await first.screenshot({ path: join(shots, `first-${width}-${scheme}.png`), fullPage: true });
    await first.close();
    const story = await open("#story:fence", { width, scheme });
    for (let step = 0; step < 5; step++) await story.click("#next");
    await verdict(story, "RESERVATION CONFLICT");
    await story.waitForTimeout(300);
    await story.screenshot({ path: join(shots, `conflict-${width}-${scheme}.png`), fullPage: true });
    await story.close();
  });
});

describe("the page itself", () => {
  test("is small, and asks for nothing but its own files", async () => {
    const page = await browser.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(request.url().replace(server.url, "")));
    const bytes = [];
    page.on("response", async (response) => bytes.push((await response.body()).length));
    await page.goto(`${server.url}#story:fence`);
    await page.click("#next");
    await page.waitForFunction(() => document.querySelector("#last-verdict").textContent === "GOOD");
    await page.waitForLoadState("networkidle");
    expect(asked.sort()).toEqual(["", "icon.svg", "main.js", "style.css"].filter((name) => asked.includes(name)));
    expect(asked).toContain("main.js");
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
    await page.close();
  });

  test("is under a policy that forbids what it does not need", async () => {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForSelector("#map td");
    const tried = await page.evaluate(async () => {
      const outcome = (work) => {
        try {
          work();
          return "done";
        } catch (error) {
          return error.name;
        }
      };
      const fetched = await fetch("style.css").then(
        () => "done",
        (error) => error.name,
      );
      return {
        html: outcome(() => {
          document.createElement("p").innerHTML = "<b>x</b>";
        }),
        // Not from here: what a debugger evaluates may.
        program: await new Promise((resolve) => {
          // biome-ignore lint/security/noGlobalEval: it is what must not work
          setTimeout(() => resolve(outcome(() => globalThis.eval("1"))));
        }),
        fetched,
      };
    });
    expect(tried).toEqual({ html: "TypeError", program: "EvalError", fetched: "TypeError" });
    await page.close();
  });

  test("opens from a folder, without a server", async () => {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(`${pathToFileURL(join(folder, "index.html"))}${fence}`);
    await verdict(page, "GOOD");
    await page.getByRole("button", { name: "Write: Host B, Unit 0" }).click();
    await verdict(page, "RESERVATION CONFLICT");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("has complained about nothing in all of this", () => {
    expect(complaints).toEqual([]);
  });
});
