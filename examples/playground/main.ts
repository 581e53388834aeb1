/**
 * The page: keeps the script and where it stands, takes one step at a time, and has the parts show it. Everything is in this page;
 * nothing is loaded, and nothing is sent anywhere.
 */
import { formatTransportId } from "../../transports/browser.ts";
import { button, byId, element, say } from "./dom.ts";
import { LinkError, readLink, writeLink } from "./link.ts";
import { limits, type Script, type Step } from "./steps.ts";
import { type Story, stories } from "./stories.ts";
import { createCommandView } from "./view-command.ts";
import { showLast, showPreview } from "./view-last.ts";
import { createMap, type MapView } from "./view-map.ts";
import { createScriptView } from "./view-script.ts";
import { createWorld, type Outcome, type World } from "./world.ts";

const PLAY_MS = 2400;
const fresh: Script = { hosts: 2, units: 1, steps: [] };

let script: Script = fresh;
/** The story that the script is, if it is one and nothing has been changed. */
let story: Story | undefined;
let world: World = createWorld(fresh.hosts, fresh.units);
let done: Outcome[] = [];
let map: MapView;
let chosen = { host: 0, unit: 0 };
let playing: ReturnType<typeof setInterval> | undefined;
/** One thing after the other: steps are taken asynchronously, and in order. */
let last: Promise<void> = Promise.resolve();

function inOrder(work: () => Promise<void>): void {
  last = last.then(work).catch((error: unknown) => {
    stopPlaying();
    say(byId("refused-text"), `The page has met an error of its own: ${String(error)}`);
    byId("refused").hidden = false;
  });
}

const commandView = createCommandView({
  world: () => world,
  units: () => world.view(),
  send: (step) => take(step),
  composed(command) {
    if (done.length === 0) showPreview(command);
  },
  chosen(host, unit) {
    chosen = { host, unit };
    map?.show(world.view(), chosen, done.at(-1));
  },
});
const scriptView = createScriptView((count) => {
  stopPlaying();
  inOrder(() => goTo(count));
});
const prepare = commandView.prepare;

function rebuild(): void {
  const ports = Array.from({ length: script.hosts }, (_, host) => formatTransportId(world.portOf(host)));
  map = createMap(
    script.hosts,
    script.units,
    ports.map((port) => port.replace(/,i,0x.*/, "")),
    { take, choose: (host, unit) => prepare(host, unit) },
  );
  commandView.rebuild(script.hosts, script.units);
  chosen = { host: commandView.host, unit: commandView.unit };
}

/** A new script, with nothing taken. */
function load(next: Script, of?: Story): void {
  const sameSize = map !== undefined && next.hosts === script.hosts && next.units === script.units;
  script = next;
  byId("main").dataset.hosts = String(script.hosts);
  story = of;
  world = createWorld(script.hosts, script.units);
  done = [];
  if (!sameSize) rebuild();
}

async function takeNext(): Promise<void> {
  const step = script.steps[done.length];
  if (step !== undefined) done.push(await world.take(step));
}

/** Replays until `count` steps have been taken. */
async function goTo(count: number): Promise<void> {
  if (count < done.length) {
    world = createWorld(script.hosts, script.units);
    done = [];
  }
  while (done.length < Math.min(count, script.steps.length)) await takeNext();
  show();
}

/** A script, at the place where `count` of its steps have been taken. */
function open(next: Script, count: number, of?: Story): void {
  stopPlaying();
  inOrder(async () => {
    load(next, of);
    await goTo(count);
  });
}

/** Takes a step that has just been asked for. Those that would have followed are dropped. */
function take(step: Step): void {
  stopPlaying();
  inOrder(async () => {
    if (done.length >= limits.steps) {
      say(byId("announce"), `A script has at most ${limits.steps} steps.`);
      return;
    }
    script = { ...script, steps: [...script.steps.slice(0, done.length), step] };
    story = undefined;
    byId("refused").hidden = true;
    await takeNext();
    show();
  });
}

function link(): string {
  const hash = story === undefined ? writeLink(script) : `story:${story.id}`;
  return `${location.href.replace(/#.*$/s, "")}#${hash}`;
}

const isFresh = (): boolean => script.steps.length === 0 && story === undefined;

function showPlayer(): void {
  const { length } = script.steps;
  byId("welcome").hidden = !isFresh();
  byId("player").hidden = length === 0;
  const at = done.length;
  say(byId("story-title"), story?.title ?? "Your script");
  say(byId("position"), at === 0 ? `${length} ${length === 1 ? "step" : "steps"}` : `Step ${at} of ${length}`);
  const told = story === undefined ? "" : at === 0 ? story.about : (story.says[at - 1] ?? "");
  say(byId("narration"), told);
  byId("narration").hidden = told === "";
  byId("more").hidden = story === undefined || at < length;
  const set = (id: string, off: boolean): void => {
    // aria-disabled instead of disabled: a button that loses the focus because it goes grey is lost to a keyboard.
    byId(id).setAttribute("aria-disabled", String(off));
  };
  set("first", at === 0);
  set("back", at === 0);
  set("next", at >= length);
  set("play", at >= length && playing === undefined);
  say(byId("play"), playing === undefined ? "Play" : "Pause");
}

function show(): void {
  const outcome = done.at(-1);
  map.show(world.view(), chosen, outcome);
  scriptView.show(script, done);
  showLast(outcome, prepare);
  commandView.refresh();
  showPlayer();
  const href = link();
  byId<HTMLInputElement>("link").value = href;
  byId<HTMLSelectElement>("hosts").value = String(script.hosts);
  byId<HTMLSelectElement>("units").value = String(script.units);
  const bare = isFresh() && script.hosts === fresh.hosts && script.units === fresh.units;
  try {
    history.replaceState(null, "", bare ? location.href.replace(/#.*$/s, "") : href);
  } catch {
    // A page from a file may not have a history in some browsers; the link in the field is right all the same.
  }
}

function stopPlaying(): void {
  clearInterval(playing);
  playing = undefined;
}

function startPlaying(): void {
  const next = (): void =>
    inOrder(async () => {
      if (playing === undefined) return;
      if (done.length + 1 >= script.steps.length) stopPlaying();
      await goTo(done.length + 1);
    });
  playing = setInterval(next, PLAY_MS);
  next();
}

/** Loads what stands after # in the address. */
function openLink(): void {
  const hash = location.hash.replace(/^#/, "");
  byId("refused").hidden = true;
  if (hash === "") {
    open(fresh, 0);
    return;
  }
  const known = /^story:([a-z]{1,16})$/.exec(hash)?.[1];
  const found = stories.find(({ id }) => id === known);
  if (found !== undefined) {
    open(found, 0, found);
    return;
  }
  try {
    const shared = readLink(hash);
    open(shared, shared.steps.length);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    open(fresh, 0);
    inOrder(async () => {
      say(byId("refused-text"), `This link cannot be opened. ${error.message} Nothing of it was used.`);
      byId("refused").hidden = false;
    });
  }
}

const press = (id: string, work: () => void): void =>
  byId(id).addEventListener("click", () => {
    if (byId(id).getAttribute("aria-disabled") !== "true") work();
  });

byId("skip").addEventListener("click", (event) => {
  // What stands after # in the address is the script: the way there must not write into it.
  event.preventDefault();
  byId("map-heading").focus();
});
press("first", () => {
  stopPlaying();
  inOrder(() => goTo(0));
});
press("back", () => {
  stopPlaying();
  inOrder(() => goTo(done.length - 1));
});
press("next", () => {
  stopPlaying();
  inOrder(() => goTo(done.length + 1));
});
press("play", () => {
  if (playing === undefined) startPlaying();
  else {
    stopPlaying();
    showPlayer();
  }
});
press("new", () => {
  byId("refused").hidden = true;
  open({ ...fresh, hosts: script.hosts, units: script.units }, 0);
  inOrder(async () => {
    say(byId("announce"), "A new script. Nothing has happened yet.");
  });
});
press("more", () => {
  open({ ...fresh }, 0);
  inOrder(async () => byId("stories").querySelector("button")?.focus());
});
press("copy", () => {
  const field = byId<HTMLInputElement>("link");
  field.select();
  const copied = navigator.clipboard?.writeText(field.value) ?? Promise.reject(new Error("no clipboard"));
  copied.then(
    () => say(byId("announce"), "The link has been copied."),
    () => say(byId("announce"), "The link is selected: copy it with the keyboard."),
  );
});
for (const id of ["hosts", "units"] as const) {
  byId(id).addEventListener("change", () => {
    const size = {
      hosts: Number(byId<HTMLSelectElement>("hosts").value),
      units: Number(byId<HTMLSelectElement>("units").value),
    };
    const fits = script.steps.every(
      (step) => step.unit < size.units && (step.kind === "unit" || lastHostOf(step) < size.hosts),
    );
    const steps = fits ? script.steps : [];
    const at = fits ? done.length : 0;
    open({ ...size, steps }, at);
    inOrder(async () => {
      if (!fits) say(byId("announce"), "The steps needed what is gone: a new script.");
    });
  });
}

/** The last host that a step names. */
function lastHostOf(step: Exclude<Step, { kind: "unit" }>): number {
  if (step.kind === "path") return step.host;
  return Math.max(step.host, step.arguments.to ?? 0, ...(step.arguments.ports ?? []));
}

byId("stories").replaceChildren(
  ...stories.map((one, index) => {
    const start = button(
      one.title,
      { class: index === 0 ? "story first-story" : "story", "aria-describedby": `about-${one.id}` },
      () => {
        open(one, 1, one);
        inOrder(async () => {
          byId("next").focus();
        });
      },
    );
    return element("li", {}, start, element("p", { id: `about-${one.id}` }, one.about));
  }),
);
window.addEventListener("hashchange", openLink);
rebuild();
openLink();
