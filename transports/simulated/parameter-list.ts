/**
 * A PERSISTENT RESERVE OUT parameter list as it arrived, into what the rules read. It knows the list's two forms and
 * lengths (spc4r36f 6.16.1, 6.16.3, 6.16.4) and judges nothing else: whether a malformed TransportID matters is for the
 * rule to say.
 */
import { PersistentReserveOut, ProtocolIdentifier, Size } from "../../src/core/generated/codes.ts";
import { RegisterAndMoveList, SpecifyInitiatorPortsList } from "../../src/core/generated/fields.ts";
import { ParameterListRecord as Slot, TransportIdRecord } from "../../src/core/generated/records.ts";
import { core, dataIn, dataSize, long, word } from "../../src/core/index.ts";
import { checkTransportId, transportIdAt } from "../../src/transport-id.ts";
import type { ParameterList } from "./reservations.ts";
import { type Fault, faultAtListByte, faultInList, plainFault, senseCodes } from "./sense.ts";

const lengthError = plainFault(senseCodes.parameterListLengthError);
/** The TransportIDs of a list, or what is wrong with them. */
type Ids = Pick<ParameterList, "transportIds" | "malformed">;
const none: Ids["transportIds"] = [];

/**
 * Takes a parameter list apart.
 *
 * @param serviceAction decides the form
 * @param bytes all that was sent, which may be more than the list
 * @param length PARAMETER LIST LENGTH
 * @returns undefined if its length is one that the form cannot have, or that was not sent: PARAMETER LIST LENGTH ERROR
 */
export function decodeList(serviceAction: number, bytes: Uint8Array, length: number): ParameterList | undefined {
  if (length > bytes.length || length < Size.PERSISTENT_RESERVE_OUT_LIST || length > dataSize) return undefined;
  // A view of so short an array is dear: V8 has it in its own heap until somebody asks for its buffer.
  dataIn(bytes.length === length ? bytes : bytes.subarray(0, length));
  const exact = core.decodeParameterList(serviceAction, length) === 0;
  const moves = serviceAction === PersistentReserveOut.REGISTER_AND_MOVE;
  const specIPt = word(Slot.SPEC_I_PT) === 1;
  if (!exact && !moves && !specIPt) return undefined;
  // One literal, not two that are spread: this is done for every PERSISTENT RESERVE OUT.
  const list: { -readonly [Field in keyof ParameterList]: ParameterList[Field] } = {
    reservationKey: long(Slot.RESERVATION_KEY_U64),
    serviceActionReservationKey: long(Slot.SERVICE_ACTION_RESERVATION_KEY_U64),
    specIPt,
    allTgPt: word(Slot.ALL_TG_PT) === 1,
    aptpl: word(Slot.APTPL) === 1,
    unreg: word(Slot.UNREG) === 1,
    relativeTargetPort: word(Slot.RELATIVE_TARGET_PORT),
    transportIds: none,
    malformed: exact ? undefined : lengthError,
  };
  if (exact && (moves || specIPt)) {
    const { transportIds, malformed } = transportIdsAt(word(Slot.TRANSPORTIDS_OFFSET), length, moves);
    list.transportIds = transportIds;
    list.malformed = malformed;
  }
  return list;
}

/** Every TransportID from `offset` up to `end`: one if it is a REGISTER AND MOVE, any number otherwise. */
function transportIdsAt(offset: number, end: number, moves: boolean): Ids {
  const lengthField = moves
    ? RegisterAndMoveList.TRANSPORTID_PARAMETER_DATA_LENGTH
    : SpecifyInitiatorPortsList.TRANSPORTID_PARAMETER_DATA_LENGTH;
  const malformed = (fault: Fault) => ({ transportIds: none, malformed: fault });
  const transportIds = [];
  for (let byte = offset; byte < end; ) {
    if (core.decodeTransportId(byte, end - byte) !== 0) return malformed(faultInList(lengthField));
    const length = word(TransportIdRecord.LENGTH);
    const transportId = transportIdAt(0, byte);
    try {
      checkTransportId(transportId);
    } catch {
      return malformed(faultAtListByte(byte));
    }
    // An iSCSI TransportID that is kept as bytes has no name that an initiator could have.
    const nameless = transportId.protocol === "opaque" && transportId.protocolIdentifier === ProtocolIdentifier.ISCSI;
    // At least 24 bytes and a multiple of four (6.16.4; 7.6.4.6).
    if (nameless || length < Size.TRANSPORTID || length % 4 !== 0) return malformed(faultAtListByte(byte));
    transportIds.push({ transportId, byte });
    byte += length;
  }
  if (moves && transportIds.length !== 1) return malformed(faultInList(lengthField));
  return { transportIds, malformed: undefined };
}
