/** The verbs that change something: one PERSISTENT RESERVE OUT command each. */
import { commands, formatTransportId } from "../src/index.ts";
import { keyText } from "./output.ts";
import { UsageError } from "./values.ts";
import { change, type Verb } from "./verb.ts";

const EXAMPLE = "iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0";

export const register: Verb = change({
  name: "register",
  summary: "register this host, change its key, or unregister it",
  about: [
    "A host must be registered before it can reserve. Without --key it registers for the first time; with --key it replaces that key; --new-key 0x0 unregisters, and gives up a reservation that only this host holds.",
    "With --ignore the present key does not matter.",
    "--persist (APTPL) is the whole unit's, and the last REGISTER decides: without it, also where a host unregisters, nobody's registration survives a loss of power any more.",
  ],
  examples: [
    ["register sim:disk --new-key 0xabc", "register this host with key 0xabc"],
    ["register sim:disk --key 0xabc --new-key 0xdef", "change its key"],
    ["register sim:disk --key 0xabc --new-key 0x0", "unregister it"],
    [`register --ignore --persist --new-key 0xabc ${EXAMPLE}`, "whatever key it has; survive a loss of power"],
  ],
  required: ["newKey"],
  options: ["key", "ignore", "persist", "allTargetPorts", "initiatorPorts"],
  command({ key, newKey, ignore, persist, allTargetPorts, initiatorPorts }) {
    const flags = { persistThroughPowerLoss: persist, allTargetPorts, initiatorPorts };
    if (ignore !== true) return commands.register({ key, newKey, ...flags });
    if (key !== undefined) throw new UsageError("--ignore takes no --key: it is what is ignored", "register");
    return commands.registerAndIgnoreExistingKey({ newKey, ...flags });
  },
  effect({ key = 0n, newKey, ignore, persist, allTargetPorts, initiatorPorts }) {
    const whatever = ignore === true ? ", whatever key it has now" : "";
    const also = [
      initiatorPorts === undefined ? "" : ` The same for ${initiatorPorts.map(formatTransportId).join(" and ")}.`,
      allTargetPorts === true ? " Through all target ports." : "",
      persist === true ? " To survive a loss of power." : "",
    ].join("");
    if (newKey === 0n) return `It would unregister this host${whatever}.${also}`;
    if (key === 0n) return `It would register this host with key ${keyText(newKey)}${whatever}.${also}`;
    return `It would change this host's key from ${keyText(key)} to ${keyText(newKey)}.${also}`;
  },
});

export const reserve: Verb = change({
  name: "reserve",
  summary: "take the reservation",
  about: ["The host must be registered with the key. To take what another host holds, use preempt."],
  examples: [
    ["reserve sim:disk --key 0xabc --type write-exclusive-registrants-only", "only registered hosts may write"],
  ],
  required: ["key", "type"],
  command: ({ key, type }) => commands.reserve({ key, type }),
  effect: ({ key, type }) => `It would reserve the logical unit for the host with key ${keyText(key)}, as ${type}.`,
});

export const release: Verb = change({
  name: "release",
  summary: "give the reservation up",
  about: ["The type must be that of the reservation. A registered host that holds nothing changes nothing."],
  examples: [["release sim:disk --key 0xabc --type write-exclusive", "give up what 0xabc holds"]],
  required: ["key", "type"],
  command: ({ key, type }) => commands.release({ key, type }),
  effect: ({ key, type }) => `It would give up the ${type} reservation of the host with key ${keyText(key)}.`,
});

export const clear: Verb = change({
  name: "clear",
  summary: "remove every registration and the reservation",
  about: ["Everybody's, not only this host's. The other hosts are told by a unit attention."],
  examples: [["clear sim:disk --key 0xabc", "start from nothing"]],
  required: ["key"],
  command: ({ key }) => commands.clear({ key }),
  effect: () => "It would remove every host's registration, and the reservation whoever holds it.",
});

export const preempt: Verb = change({
  name: "preempt",
  summary: "unregister another host, take over its reservation",
  about: [
    "Removes all registrations with the victim's key. If the victim holds the reservation, this host holds it afterwards, with the type given. This is how a dead host is fenced.",
    "With --abort the victim's commands are aborted too: when it is done, nothing that the victim sent before can be written any more.",
    "--victim-key 0x0 means every other host, and is allowed only under an all-registrants type.",
  ],
  examples: [
    ["preempt sim:disk --key 0xb --victim-key 0xa --type write-exclusive", "take over from 0xa"],
    [`preempt --abort --key 0xb --victim-key 0xa --type 5 ${EXAMPLE}`, "and abort its commands"],
  ],
  required: ["key", "victimKey", "type"],
  options: ["abort"],
  command({ key, victimKey, type, abort }) {
    const options = { key, victimKey, type };
    return abort === true ? commands.preemptAndAbort(options) : commands.preempt(options);
  },
  effect({ key, victimKey, type, abort }) {
    const victims = victimKey === 0n ? "every other host" : `every host with key ${keyText(victimKey)}`;
    const aborting = abort === true ? " and abort their commands" : "";
    return `It would unregister ${victims}${aborting}. If they hold the reservation, the host with key ${keyText(key)} would hold it, as ${type}.`;
  },
});

export const move: Verb = change({
  name: "move",
  summary: "hand the reservation to another initiator port",
  about: ["Registers the other port with the new key and makes it the holder. This host must hold the reservation."],
  examples: [
    [
      "move sim:disk --key 0xa --new-key 0xb --transport-id iqn.2026-01.com.example:b,i,0x800000000001 --relative-target-port 1",
      "hand it to host b",
    ],
  ],
  required: ["key", "newKey", "transportId", "relativeTargetPort"],
  options: ["type", "unregister", "persist"],
  command: ({ key, newKey, transportId, relativeTargetPort, type, unregister, persist }) =>
    commands.registerAndMove({
      key,
      newKey,
      transportId,
      relativeTargetPort,
      type,
      unregister,
      persistThroughPowerLoss: persist,
    }),
  effect({ key, newKey, transportId, relativeTargetPort, unregister }) {
    const also = unregister === true ? ` Key ${keyText(key)} would be unregistered.` : "";
    return `It would register ${formatTransportId(transportId)} with key ${keyText(newKey)}, and hand it the reservation through target port ${relativeTargetPort}.${also}`;
  },
});

export const replaceLost: Verb = change({
  name: "replace-lost",
  summary: "start anew where the unit has lost its reservations",
  about: ["Only where the unit says so: sense 44h/01h, PERSISTENT RESERVATION INFORMATION LOST."],
  examples: [["replace-lost sim:disk --new-key 0xabc --type write-exclusive", "register and reserve in one"]],
  required: ["newKey", "type"],
  options: ["persist"],
  command: ({ newKey, type, persist }) =>
    commands.replaceLostReservation({ newKey, type, persistThroughPowerLoss: persist }),
  effect: ({ newKey, type, persist }) =>
    `Where the unit has lost its reservation information, it would register this host with key ${keyText(newKey)} and reserve as ${type}.${persist === true ? " To survive a loss of power." : ""}`,
});
