/** Sense data in descriptor format, written from a SenseRecord. */
import { put } from "./bits";
import { SenseDescriptorType, SenseResponseCode, Size } from "./codes";
import {
  CommandSpecificSenseDescriptor,
  DescriptorSense,
  InformationSenseDescriptor,
  SenseDescriptorHeader,
  SenseKeySpecific,
} from "./fields";
import { SenseFlag, SenseRecord } from "./records";
import { data, records } from "./windows";

/**
 * The SenseRecord in the records window as current sense data in descriptor format, at the data window's start: the
 * descriptors of INFORMATION, COMMAND-SPECIFIC INFORMATION and SENSE KEY SPECIFIC that its flags call for. Returns its
 * length.
 */
export function encodeDescriptorSense(): u32 {
  const flags = load<u32>(records + SenseRecord.FLAGS);
  memory.fill(data, 0, 64);
  put(data, DescriptorSense.RESPONSE_CODE, SenseResponseCode.DESCRIPTOR_CURRENT);
  put(data, DescriptorSense.SENSE_KEY, load<u32>(records + SenseRecord.SENSE_KEY));
  put(data, DescriptorSense.ADDITIONAL_SENSE_CODE, load<u32>(records + SenseRecord.ASC));
  put(data, DescriptorSense.ADDITIONAL_SENSE_CODE_QUALIFIER, load<u32>(records + SenseRecord.ASCQ));
  let at: u32 = Size.DESCRIPTOR_SENSE_HEADER;
  if (flags & SenseFlag.INFORMATION) {
    startDescriptor(at, SenseDescriptorType.INFORMATION, 10);
    put(data + at, InformationSenseDescriptor.VALID, 1);
    put(data + at, InformationSenseDescriptor.INFORMATION, load<u64>(records + SenseRecord.INFORMATION_U64));
    at += 12;
  }
  if (flags & SenseFlag.COMMAND_SPECIFIC) {
    startDescriptor(at, SenseDescriptorType.COMMAND_SPECIFIC, 10);
    const value = load<u64>(records + SenseRecord.COMMAND_SPECIFIC_U64);
    put(data + at, CommandSpecificSenseDescriptor.COMMAND_SPECIFIC_INFORMATION, value);
    at += 12;
  }
  if (flags & SenseFlag.SKSV) {
    startDescriptor(at, SenseDescriptorType.SENSE_KEY_SPECIFIC, 6);
    const bit = load<i32>(records + SenseRecord.BIT_POINTER);
    const base = data + at + 4;
    put(base, SenseKeySpecific.SKSV, 1);
    put(base, SenseKeySpecific.COMMAND_DATA, load<u32>(records + SenseRecord.COMMAND_DATA));
    put(base, SenseKeySpecific.BPV, bit >= 0 ? 1 : 0);
    put(base, SenseKeySpecific.BIT_POINTER, bit >= 0 ? bit : 0);
    put(base, SenseKeySpecific.FIELD_POINTER, load<u32>(records + SenseRecord.FIELD_POINTER));
    at += 8;
  }
  put(data, DescriptorSense.ADDITIONAL_SENSE_LENGTH, at - Size.DESCRIPTOR_SENSE_HEADER);
  return at;
}

function startDescriptor(at: u32, type: u32, additionalLength: u32): void {
  put(data + at, SenseDescriptorHeader.DESCRIPTOR_TYPE, type);
  put(data + at, SenseDescriptorHeader.ADDITIONAL_LENGTH, additionalLength);
}
