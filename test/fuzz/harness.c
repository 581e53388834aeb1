/*
 * Drives one decoder of the core with libFuzzer. FUZZ_TARGET in the environment says which. Whatever the bytes: no trap, no
 * access outside the input and the records window, and nothing said that the input does not bear out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include "core.h"
#include "slots.h"
#include "trap.h"

#define CORE(name) Z_coreZ_##name
#define REQUIRE(condition)                                                  \
  do {                                                                      \
    if (!(condition)) {                                                     \
      fprintf(stderr, "%s: not true: %s\n", target->name, #condition);      \
      abort();                                                              \
    }                                                                       \
  } while (0)

static Z_core_instance_t core;
static u8 *memory, *cdb, *data, *records;
static u32 cdb_size, data_size, records_size, rows_offset;

typedef struct {
  const char *name;
  u8 **window;
  u32 *window_size;
  void (*run)(u32 length);
} Target;
static const Target *target;

void fuzz_trap(wasm_rt_trap_t code) {
  fprintf(stderr, "%s: the core trapped: %d\n", target->name, code);
  abort();
}

static u32 word(u32 slot) {
  u32 value;
  memcpy(&value, records + slot, 4);
  return value;
}

static u64 longword(u32 slot) {
  u64 value;
  memcpy(&value, records + slot, 8);
  return value;
}

/* Every answer is 0 or MALFORMED. */
static int accepted(u32 result) {
  REQUIRE(result == 0 || result == (u32)-1);
  return result == 0;
}

/* A list's header against the bytes that were there. */
static void check_list(u32 length, u32 header_size, u32 row_size_on_the_wire) {
  REQUIRE(word(ListRecord_TRUNCATED) <= 1);
  REQUIRE(header_size + (u64)word(ListRecord_COUNT) * row_size_on_the_wire <= length);
  if (!word(ListRecord_TRUNCATED)) REQUIRE(word(ListRecord_WHOLE_LENGTH) <= length);
}

static void check_transport_id(u32 record, u32 from, u32 end) {
  REQUIRE(word(record + TransportIdRecord_LENGTH) >= 1);
  REQUIRE(word(record + TransportIdRecord_LENGTH) <= end - from);
  if (word(record + TransportIdRecord_KNOWN) && word(record + TransportIdRecord_NAME_LENGTH)) {
    REQUIRE(word(record + TransportIdRecord_NAME_OFFSET) > from);
    REQUIRE(word(record + TransportIdRecord_NAME_OFFSET) + word(record + TransportIdRecord_NAME_LENGTH) <= end);
  }
}

static void run_keys(u32 length) {
  if (accepted(CORE(decodeKeys)(&core, length))) check_list(length, 8, 8);
}

static void run_luns(u32 length) {
  if (accepted(CORE(decodeLuns)(&core, length))) check_list(length, 8, 8);
}

static void run_reservation(u32 length) {
  if (!accepted(CORE(decodeReservation)(&core, length))) return;
  REQUIRE(word(ReservationRecord_HELD) <= 1);
  if (word(ReservationRecord_HELD) && !word(ReservationRecord_TRUNCATED)) REQUIRE(length >= 22);
}

static void run_capabilities(u32 length) {
  if (accepted(CORE(decodeCapabilities)(&core, length))) REQUIRE(word(CapabilitiesRecord_WHOLE_LENGTH) >= 8);
}

static void run_full_status(u32 length) {
  if (!accepted(CORE(decodeFullStatus)(&core, length))) return;
  check_list(length, 8, 24);
  u32 end = word(ListRecord_WHOLE_LENGTH) < length ? word(ListRecord_WHOLE_LENGTH) : length;
  for (u32 i = 0, at = 8; i < word(ListRecord_COUNT); i++) {
    u32 row = rows_offset + i * RegistrationRow_SIZE;
    u32 from = word(row + RegistrationRow_TRANSPORTID_OFFSET);
    REQUIRE(from >= at + 24 && from <= end);
    check_transport_id(row + RegistrationRow_TRANSPORTID, from, end);
    at = from;
  }
}

static void run_vpd_header(u32 length) {
  if (accepted(CORE(decodeVpdHeader)(&core, length > 1 ? data[1] : 0, length))) check_list(length, 4, 1);
}

static void run_designators(u32 length) {
  if (!accepted(CORE(decodeDesignators)(&core, 0x83, length))) return;
  check_list(length, 4, 4);
  for (u32 i = 0; i < word(ListRecord_COUNT); i++) {
    u32 row = rows_offset + i * DesignatorRow_SIZE;
    REQUIRE(word(row + DesignatorRow_OFFSET) >= 8);
    REQUIRE(word(row + DesignatorRow_OFFSET) + word(row + DesignatorRow_LENGTH) <= length);
  }
}

static void run_inquiry(u32 length) {
  if (accepted(CORE(decodeInquiry)(&core, length))) REQUIRE(word(InquiryRecord_THERE) <= length);
}

static void run_capacity10(u32 length) { accepted(CORE(decodeCapacity10)(&core, length)); }
static void run_capacity16(u32 length) { accepted(CORE(decodeCapacity16)(&core, length)); }

static void run_target_port_groups(u32 length) {
  if (!accepted(CORE(decodeTargetPortGroups)(&core, length))) return;
  check_list(length, 4, 8);
  for (u32 i = 0, at = 4; i < word(ListRecord_COUNT); i++) {
    u32 row = rows_offset + i * TargetPortGroupRow_SIZE;
    REQUIRE(word(row + TargetPortGroupRow_PORTS_OFFSET) == at + 8);
    at += 8 + 4 * word(row + TargetPortGroupRow_PORT_COUNT);
    REQUIRE(at <= length);
  }
}

static void run_all_commands(u32 length) {
  if (!accepted(CORE(decodeAllCommands)(&core, length))) return;
  check_list(length, 4, 8);
  for (u32 i = 0; i < word(ListRecord_COUNT); i++) {
    u32 row = rows_offset + i * SupportedCommandRow_SIZE;
    REQUIRE(word(row + SupportedCommandRow_OPERATION_CODE) <= 255);
    REQUIRE((int32_t)word(row + SupportedCommandRow_SERVICE_ACTION) >= -1);
    REQUIRE((int32_t)word(row + SupportedCommandRow_SERVICE_ACTION) <= 65535);
  }
}

static void run_element_status(u32 length) {
  if (!accepted(CORE(decodeElementStatus)(&core, length))) return;
  /* A descriptor may lack its end. */
  REQUIRE(word(ListRecord_TRUNCATED) <= 1);
  u32 from = 8;
  for (u32 i = 0; i < word(ListRecord_COUNT); i++) {
    u32 row = rows_offset + i * ElementRow_SIZE;
    u32 tags = word(row + ElementRow_PVOLTAG) + word(row + ElementRow_AVOLTAG);
    REQUIRE(word(row + ElementRow_TYPE) >= 1 && word(row + ElementRow_TYPE) <= 4);
    REQUIRE(word(row + ElementRow_PVOLTAG) <= 1 && word(row + ElementRow_AVOLTAG) <= 1);
    REQUIRE(word(row + ElementRow_OFFSET) >= from);
    REQUIRE(word(row + ElementRow_LENGTH) >= 12 + (tags ? (tags - 1) * 36 + 32 : 0));
    REQUIRE(word(row + ElementRow_OFFSET) + word(row + ElementRow_LENGTH) <= length);
    from = word(row + ElementRow_OFFSET) + word(row + ElementRow_LENGTH);
  }
}

static void run_element_addresses(u32 length) {
  u32 at = CORE(findElementAddresses)(&core, 0x1d, length);
  if (at != (u32)-1) REQUIRE(at >= 4 && at + 18 <= length && (data[at] & 0x3f) == 0x1d);
}

static void run_one_command(u32 length) {
  if (!accepted(CORE(decodeOneCommand)(&core, length))) return;
  REQUIRE(word(OneCommandRecord_SUPPORT) <= 7);
  REQUIRE(word(OneCommandRecord_USAGE_OFFSET) + word(OneCommandRecord_USAGE_LENGTH) <= length);
}

static void run_sense(u32 length) {
  if (!accepted(CORE(decodeSense)(&core, length))) return;
  REQUIRE(word(SenseRecord_SENSE_KEY) <= 15 && word(SenseRecord_ASC) <= 255 && word(SenseRecord_ASCQ) <= 255);
  REQUIRE(word(SenseRecord_SENSE_KEY_SPECIFIC) <= 0x7fffff);
  for (u32 i = 0, at = 8; i < word(SenseRecord_COUNT); i++) {
    u32 row = rows_offset + i * SenseDescriptorRow_SIZE;
    REQUIRE(word(row + SenseDescriptorRow_OFFSET) == at);
    REQUIRE(word(row + SenseDescriptorRow_TYPE) <= 255 && word(row + SenseDescriptorRow_LENGTH) >= 2);
    at += word(row + SenseDescriptorRow_LENGTH);
    REQUIRE(at <= length);
  }
}

static void run_transport_id(u32 length) {
  if (accepted(CORE(decodeTransportId)(&core, 0, length))) check_transport_id(0, 0, length);
}

/* The first byte chooses the service action; the list stands in its own place all the same. */
static void run_parameter_list(u32 length) {
  if (!accepted(CORE(decodeParameterList)(&core, length > 0 ? data[0] & 15 : 0, length))) return;
  REQUIRE(word(ParameterListRecord_TRANSPORTIDS_OFFSET) + word(ParameterListRecord_TRANSPORTIDS_LENGTH) == length);
}

static void run_command(u32 length) {
  if (accepted(CORE(decodeCommand)(&core, length))) REQUIRE(word(CommandRecord_CDB_LENGTH) <= length);
}

static u8 before[512 * 1024];

static void same_again(u32 result, u32 size) {
  REQUIRE(result == 0);
  REQUIRE(memcmp(before, records, size) == 0);
}

/*
 * decode(encode(decode(x))) = decode(x), for what was not truncated: one function for each structure that goes both ways.
 * An encoder writes over the input, which the next structure then gets: bytes like any others.
 */
static void again_keys(u32 length) {
  if (CORE(decodeKeys)(&core, length) || word(ListRecord_TRUNCATED)) return;
  u32 size = rows_offset + word(ListRecord_COUNT) * 8;
  memcpy(before, records, size);
  u32 made = CORE(encodeKeys)(&core, word(ListRecord_GENERATION), word(ListRecord_COUNT));
  REQUIRE(made == word(ListRecord_WHOLE_LENGTH));
  same_again(CORE(decodeKeys)(&core, made), size);
}

static void again_luns(u32 length) {
  if (CORE(decodeLuns)(&core, length) || word(ListRecord_TRUNCATED)) return;
  u32 size = rows_offset + word(ListRecord_COUNT) * 8;
  memcpy(before, records, size);
  same_again(CORE(decodeLuns)(&core, CORE(encodeLuns)(&core, word(ListRecord_COUNT))), size);
}

static void again_reservation(u32 length) {
  if (CORE(decodeReservation)(&core, length) || word(ReservationRecord_TRUNCATED)) return;
  memcpy(before, records, 32);
  u32 made = CORE(encodeReservation)(&core, word(ReservationRecord_GENERATION), word(ReservationRecord_HELD),
                                     longword(ReservationRecord_KEY_U64), word(ReservationRecord_SCOPE),
                                     word(ReservationRecord_TYPE));
  same_again(CORE(decodeReservation)(&core, made), 32);
}

static void again_full_status(u32 length) {
  if (CORE(decodeFullStatus)(&core, length) || word(ListRecord_TRUNCATED)) return;
  u32 count = word(ListRecord_COUNT);
  u32 size = rows_offset + count * RegistrationRow_SIZE;
  memcpy(before, records, size);
  u32 whole = word(ListRecord_WHOLE_LENGTH), at = 8;
  for (u32 i = 0; i < count; i++) {
    u32 row = rows_offset + i * RegistrationRow_SIZE;
    u32 next = i + 1 < count ? word(row + RegistrationRow_SIZE + RegistrationRow_TRANSPORTID_OFFSET) - 24 : whole;
    at = CORE(encodeFullStatusDescriptor)(
        &core, at, longword(row + RegistrationRow_KEY_U64), word(row + RegistrationRow_ALL_TG_PT),
        word(row + RegistrationRow_R_HOLDER), word(row + RegistrationRow_SCOPE), word(row + RegistrationRow_TYPE),
        word(row + RegistrationRow_RELATIVE_TARGET_PORT), next - word(row + RegistrationRow_TRANSPORTID_OFFSET));
    REQUIRE(at == next);
  }
  same_again(CORE(decodeFullStatus)(&core, CORE(encodeFullStatusHeader)(&core, word(ListRecord_GENERATION), whole)),
             size);
}

/* Of iSCSI's the padding may have been longer than need be: then only LENGTH differs. */
static void again_transport_id(u32 length) {
  if (CORE(decodeTransportId)(&core, 0, length) || !word(TransportIdRecord_KNOWN)) return;
  u32 name_length = word(TransportIdRecord_NAME_LENGTH);
  memcpy(before, records, TransportIdRecord_SIZE);
  u32 made = name_length
                 ? CORE(encodeIscsiTransportId)(&core, 0, word(TransportIdRecord_FORMAT), name_length)
                 : CORE(encodeTransportId)(&core, 0, word(TransportIdRecord_PROTOCOL),
                                           longword(TransportIdRecord_ADDRESS_U64), longword(TransportIdRecord_SECOND_U64));
  memcpy(before + TransportIdRecord_LENGTH, &made, 4);
  same_again(CORE(decodeTransportId)(&core, 0, made), TransportIdRecord_SIZE);
}

static void again_parameter_list(u32 length) {
  u32 service_action = length > 0 ? data[0] & 15 : 0;
  if (CORE(decodeParameterList)(&core, service_action, length)) return;
  u32 size = ParameterListRecord_TRANSPORTIDS_LENGTH + 4;
  u64 key = longword(ParameterListRecord_RESERVATION_KEY_U64);
  u64 other = longword(ParameterListRecord_SERVICE_ACTION_RESERVATION_KEY_U64);
  memcpy(before, records, size);
  if (service_action == PersistentReserveOut_REGISTER_AND_MOVE)
    CORE(registerAndMove)(&core, 0, 0, key, other, word(ParameterListRecord_RELATIVE_TARGET_PORT),
                          word(ParameterListRecord_UNREG), word(ParameterListRecord_APTPL),
                          word(ParameterListRecord_TRANSPORTIDS_LENGTH));
  else
    CORE(persistentReserveOut)(&core, service_action, 0, 0, key, other, word(ParameterListRecord_SPEC_I_PT),
                               word(ParameterListRecord_ALL_TG_PT), word(ParameterListRecord_APTPL),
                               word(ParameterListRecord_TRANSPORTIDS_LENGTH));
  same_again(CORE(decodeParameterList)(&core, service_action, length), size);
}

static void run_round_trip(u32 length) {
  if (length > data_size - 64) return;
  /* Encoders write headers and padding: a little more than there was. */
  u32 room = (length + 64 + 7) & ~7u;
  ASAN_UNPOISON_MEMORY_REGION(data, room);
  ASAN_UNPOISON_MEMORY_REGION(cdb, 16);
  again_keys(length);
  again_luns(length);
  again_reservation(length);
  again_full_status(length);
  again_transport_id(length);
  again_parameter_list(length);
  ASAN_POISON_MEMORY_REGION(cdb, 16);
  ASAN_POISON_MEMORY_REGION(data, room);
}

static const Target targets[] = {
    {"keys", &data, &data_size, run_keys},
    {"luns", &data, &data_size, run_luns},
    {"reservation", &data, &data_size, run_reservation},
    {"capabilities", &data, &data_size, run_capabilities},
    {"fullStatus", &data, &data_size, run_full_status},
    {"vpdHeader", &data, &data_size, run_vpd_header},
    {"designators", &data, &data_size, run_designators},
    {"inquiry", &data, &data_size, run_inquiry},
    {"capacity10", &data, &data_size, run_capacity10},
    {"capacity16", &data, &data_size, run_capacity16},
    {"targetPortGroups", &data, &data_size, run_target_port_groups},
    {"allCommands", &data, &data_size, run_all_commands},
    {"oneCommand", &data, &data_size, run_one_command},
    {"elementStatus", &data, &data_size, run_element_status},
    {"elementAddresses", &data, &data_size, run_element_addresses},
    {"sense", &data, &data_size, run_sense},
    {"transportId", &data, &data_size, run_transport_id},
    {"parameterList", &data, &data_size, run_parameter_list},
    {"command", &cdb, &cdb_size, run_command},
    {"roundTrip", &data, &data_size, run_round_trip},
};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  const char *wanted = getenv("FUZZ_TARGET");
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    if (wanted && !strcmp(targets[i].name, wanted)) target = &targets[i];
  if (!target) {
    fprintf(stderr, "FUZZ_TARGET must be one of:");
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) fprintf(stderr, " %s", targets[i].name);
    fprintf(stderr, "\n");
    exit(2);
  }
  wasm_rt_init();
  Z_core_init_module();
  Z_core_instantiate(&core);
  wasm_rt_memory_t *linear = CORE(memory)(&core);
  memory = linear->data;
  cdb = memory + *CORE(cdb)(&core), cdb_size = *CORE(cdbSize)(&core);
  data = memory + *CORE(data)(&core), data_size = *CORE(dataSize)(&core);
  records = memory + *CORE(records)(&core), records_size = *CORE(recordsSize)(&core);
  rows_offset = *CORE(rowsOffset)(&core);
  ASAN_POISON_MEMORY_REGION(memory, linear->size);
  ASAN_UNPOISON_MEMORY_REGION(records, records_size);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length) {
  u8 *window = *target->window;
  u32 whole = (u32)length, there = whole < *target->window_size ? whole : *target->window_size;
  /* A length beyond the window must be refused: then only what fits is there. */
  ASAN_UNPOISON_MEMORY_REGION(window, (there + 7) & ~7u);
  memcpy(window, input, there);
  if (there & 7) ASAN_POISON_MEMORY_REGION(window + there, 8 - (there & 7));
  target->run(whole);
  ASAN_POISON_MEMORY_REGION(window, (there + 7) & ~7u);
  return 0;
}
