/*
 * libiscsi's own codec, without a network: what client/codec.ts is put beside. Nanoseconds per operation.
 *
 *   codec CASE MEASURE_MS
 *
 * CASE: pr-out (PREEMPT: CDB and parameter list), keys-N (READ KEYS built, and an answer with N keys taken apart), sense (18 bytes
 * of fixed sense data). Every task is freed, as its user has to. Prints one line of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

static uint8_t *answer;
static int answer_size;
static volatile uint64_t sink;

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void persistent_reserve_out(uint64_t i) {
  struct scsi_persistent_reserve_out_basic list = {
      .reservation_key = 0xa1a1000000000001ULL, .service_action_reservation_key = i};
  struct scsi_task *task =
      scsi_cdb_persistent_reserve_out(SCSI_PERSISTENT_RESERVE_PREEMPT, SCSI_PERSISTENT_RESERVE_SCOPE_LU,
                                      SCSI_PERSISTENT_RESERVE_TYPE_WRITE_EXCLUSIVE_REGISTRANTS_ONLY, &list);
  sink += task->cdb[1];
  scsi_free_scsi_task(task);
}

static void read_keys(uint64_t i) {
  (void)i;
  struct scsi_task *task = scsi_cdb_persistent_reserve_in(SCSI_PERSISTENT_RESERVE_READ_KEYS, 8192);
  task->datain.data = answer;
  task->datain.size = answer_size;
  struct scsi_persistent_reserve_in_read_keys *keys = scsi_datain_unmarshall(task);
  sink += keys->keys[keys->num_keys - 1];
  task->datain.data = NULL; /* ours, not the task's to free */
  scsi_free_scsi_task(task);
}

static void sense(uint64_t i) {
  struct scsi_sense decoded;
  answer[13] = (uint8_t)(i & 3);
  memset(&decoded, 0, sizeof decoded);
  scsi_parse_sense_data(&decoded, answer);
  sink += (uint64_t)decoded.ascq + decoded.field_pointer;
}

static void make_keys(int count) {
  answer_size = 8 + 8 * count;
  answer = calloc(1, (size_t)answer_size);
  answer[3] = 7;
  for (int i = 0; i < 4; i++) answer[4 + i] = (uint8_t)(8 * count >> (24 - 8 * i));
  for (int i = 0; i < count; i++) memset(answer + 8 + 8 * i, 0xa0 + i % 16, 8);
}

static void make_sense(void) {
  static const uint8_t fixed[18] = {0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0xcb, 0, 2};
  answer = malloc(sizeof fixed);
  memcpy(answer, fixed, sizeof fixed);
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "two arguments are needed; see the source\n"), 2;
  void (*once)(uint64_t);
  if (strcmp(argv[1], "pr-out") == 0) once = persistent_reserve_out;
  else if (strncmp(argv[1], "keys-", 5) == 0) once = read_keys, make_keys(atoi(argv[1] + 5));
  else if (strcmp(argv[1], "sense") == 0) once = sense, make_sense();
  else return fprintf(stderr, "unknown case %s\n", argv[1]), 2;

  const double measure = atof(argv[2]) * 1e6, least = 2e6;
  uint64_t batch = 64, batches = 0, i = 0;
  double total = 0, best = 1e30;
  while (total < measure) { /* larger batches until one takes 2 ms: the clock costs nothing then; then as many as fill the time */
    const double from = now_ns();
    for (uint64_t n = 0; n < batch; n++) once(i++);
    const double elapsed = now_ns() - from;
    if (elapsed < least) batch *= 2, batches = 0, total = 0, best = 1e30;
    else {
      batches++, total += elapsed;
      if (elapsed < best) best = elapsed;
    }
  }
  printf("{\"value\":%.3f,\"best\":%.3f}\n", total / (double)(batches * batch), best / (double)batch);
  return 0;
}
