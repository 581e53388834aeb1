/*
 * libiscsi under load: one session, so many commands outstanding, commands per second. The counterpart of client/iscsi.ts: the
 * same commands, the answers decoded and freed as a user of libiscsi would. It only measures; the target is started elsewhere.
 *
 *   libiscsi HOST:PORT TARGET OPERATION DEPTH WARMUP_MS MEASURE_MS HEADER_DIGEST KEYS
 *
 * OPERATION: tur, keys, read:BYTES, write:BYTES, login. HEADER_DIGEST: 0 or 1. KEYS: how many READ KEYS must find. Prints one line
 * of JSON: the rate, processor time of this process per operation, and how many operations there were, unmeasured ones included.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define LUN 1
#define BLOCK 512
#define INITIATOR "iqn.2026-01.test:bench-libiscsi"

enum operation { TEST_UNIT_READY, READ_KEYS, READ_BLOCKS, WRITE_BLOCKS, LOGIN };

static enum operation operation;
static uint32_t block_bytes;
static uint8_t *written;
static int expected_keys;
static uint64_t done;
static int outstanding, stopping;

static void issue(struct iscsi_context *iscsi);

static void fail(struct iscsi_context *iscsi, const char *what) {
  fprintf(stderr, "libiscsi: cannot %s: %s\n", what, iscsi ? iscsi_get_error(iscsi) : strerror(errno));
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* What this process has computed so far, in the kernel and out of it. */
static double cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void answered(struct iscsi_context *iscsi, int status, void *command_data, void *private_data) {
  struct scsi_task *task = command_data;
  (void)private_data;
  if (status != SCSI_STATUS_GOOD) fail(iscsi, "carry out a command");
  if (operation == READ_KEYS) {
    struct scsi_persistent_reserve_in_read_keys *keys = scsi_datain_unmarshall(task);
    if (keys == NULL || keys->num_keys != expected_keys) fail(iscsi, "find the registered keys");
  } else if (operation == READ_BLOCKS && task->datain.size != (int)block_bytes) {
    fail(iscsi, "read as much as asked for");
  }
  scsi_free_scsi_task(task);
  done++;
  outstanding--;
  if (!stopping) issue(iscsi);
}

static void issue(struct iscsi_context *iscsi) {
  struct scsi_task *task = NULL;
  if (operation == TEST_UNIT_READY) {
    task = iscsi_testunitready_task(iscsi, LUN, answered, NULL);
  } else if (operation == READ_KEYS) {
    task = iscsi_persistent_reserve_in_task(iscsi, LUN, SCSI_PERSISTENT_RESERVE_READ_KEYS, 8192, answered, NULL);
  } else if (operation == WRITE_BLOCKS) {
    task = iscsi_write10_task(iscsi, LUN, 0, written, block_bytes, BLOCK, 0, 0, 0, 0, 0, answered, NULL);
  } else {
    task = iscsi_read10_task(iscsi, LUN, 0, block_bytes, BLOCK, 0, 0, 0, 0, 0, answered, NULL);
  }
  if (task == NULL) fail(iscsi, "send a command");
  outstanding++;
}

static void service(struct iscsi_context *iscsi) {
  struct pollfd p = {.fd = iscsi_get_fd(iscsi), .events = (short)iscsi_which_events(iscsi)};
  if (poll(&p, 1, 1000) < 0) fail(NULL, "poll");
  if (iscsi_service(iscsi, p.revents) != 0) fail(iscsi, "go on");
}

static struct iscsi_context *log_in(const char *portal, const char *target, int header_digest) {
  struct iscsi_context *iscsi = iscsi_create_context(INITIATOR);
  if (iscsi == NULL) fail(NULL, "create a context");
  iscsi_set_targetname(iscsi, target);
  iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
  iscsi_set_header_digest(iscsi, header_digest ? ISCSI_HEADER_DIGEST_CRC32C : ISCSI_HEADER_DIGEST_NONE);
  if (iscsi_connect_sync(iscsi, portal) != 0) fail(iscsi, "connect");
  if (iscsi_login_sync(iscsi) != 0) fail(iscsi, "log in");
  return iscsi;
}

/* The first answers on a new nexus may be unit attentions. */
static void settle(struct iscsi_context *iscsi) {
  for (int tries = 0; tries < 5; tries++) {
    struct scsi_task *task = iscsi_testunitready_sync(iscsi, LUN);
    const int good = task != NULL && task->status == SCSI_STATUS_GOOD;
    if (task != NULL) scsi_free_scsi_task(task);
    if (good) return;
  }
  fail(iscsi, "find the unit ready");
}

static void log_out(struct iscsi_context *iscsi) {
  if (iscsi_logout_sync(iscsi) != 0) fail(iscsi, "log out");
  iscsi_disconnect(iscsi);
  iscsi_destroy_context(iscsi);
}

int main(int argc, char **argv) {
  if (argc != 9) return fprintf(stderr, "eight arguments are needed; see the source\n"), 2;
  const char *portal = argv[1], *target = argv[2], *what = argv[3];
  int depth = atoi(argv[4]), header_digest = atoi(argv[7]);
  double warmup = atof(argv[5]), measure = atof(argv[6]);
  expected_keys = atoi(argv[8]);
  if (strcmp(what, "tur") == 0) operation = TEST_UNIT_READY;
  else if (strcmp(what, "keys") == 0) operation = READ_KEYS;
  else if (strcmp(what, "login") == 0) operation = LOGIN;
  else if (strncmp(what, "read:", 5) == 0) operation = READ_BLOCKS, block_bytes = (uint32_t)atoi(what + 5);
  else if (strncmp(what, "write:", 6) == 0) operation = WRITE_BLOCKS, block_bytes = (uint32_t)atoi(what + 6);
  else return fprintf(stderr, "unknown operation %s\n", what), 2;

  struct iscsi_context *iscsi = NULL;
  if (operation == WRITE_BLOCKS && (written = calloc(1, block_bytes)) == NULL) fail(NULL, "allocate");
  if (operation != LOGIN) {
    iscsi = log_in(portal, target, header_digest);
    settle(iscsi);
    for (int i = 0; i < depth; i++) issue(iscsi);
  }
  double began = now_ms(), from = 0, to, cpu = 0;
  uint64_t before = 0;
  for (;;) {
    if (operation == LOGIN) log_out(log_in(portal, target, header_digest)), done++;
    else service(iscsi);
    to = now_ms();
    if (from == 0) {
      if (to - began >= warmup) from = to, before = done, cpu = cpu_us();
    } else if (to - from >= measure) {
      break;
    }
  }
  const double count = (double)(done - before), rate = count * 1000 / (to - from);
  cpu = (cpu_us() - cpu) / count;
  if (operation != LOGIN) {
    stopping = 1;
    while (outstanding > 0) service(iscsi);
    log_out(iscsi);
  }
  printf("{\"value\":%.1f,\"cpuUs\":%.3f,\"operations\":%llu}\n", rate, cpu, (unsigned long long)done);
  return 0;
}
