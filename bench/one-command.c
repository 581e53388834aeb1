/*
 * One PERSISTENT RESERVE OUT through one path, and out: what a script with a tool for each command and path does, without the
 * time that a shell would take. Logs in under a fixed ISID, so that its registrations are found again.
 *
 *   one-command HOST:PORT TARGET LUN INITIATOR QUALIFIER SERVICE_ACTION TYPE KEY SERVICE_ACTION_KEY
 *
 * Numbers but the first are decimal; keys may begin with 0x.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

static void fail(struct iscsi_context *iscsi, const char *what) {
  fprintf(stderr, "one-command: cannot %s: %s\n", what, iscsi ? iscsi_get_error(iscsi) : "no memory");
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 10) {
    fprintf(stderr, "one-command: 9 arguments are needed\n");
    return 1;
  }
  int lun = atoi(argv[3]);
  struct iscsi_context *iscsi = iscsi_create_context(argv[4]);
  if (iscsi == NULL) fail(NULL, "begin");
  iscsi_set_targetname(iscsi, argv[2]);
  iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
  iscsi_set_isid_random(iscsi, 1, (uint32_t)atoi(argv[5]));
  if (iscsi_full_connect_sync(iscsi, argv[1], lun) != 0) fail(iscsi, "log in");
  struct scsi_persistent_reserve_out_basic list;
  memset(&list, 0, sizeof list);
  list.reservation_key = strtoull(argv[8], NULL, 0);
  list.service_action_reservation_key = strtoull(argv[9], NULL, 0);
  for (int tries = 0;; tries++) {
    struct scsi_task *task = iscsi_persistent_reserve_out_sync(iscsi, lun, atoi(argv[6]),
      SCSI_PERSISTENT_RESERVE_SCOPE_LU, atoi(argv[7]), &list);
    if (task == NULL) fail(iscsi, "send");
    if (task->status == SCSI_STATUS_GOOD) break;
    /* The unit attentions of the commands before it. */
    if (task->status != SCSI_STATUS_CHECK_CONDITION || task->sense.key != SCSI_SENSE_UNIT_ATTENTION || tries == 4)
      fail(iscsi, "carry it out");
    scsi_free_scsi_task(task);
  }
  iscsi_logout_sync(iscsi);
  iscsi_destroy_context(iscsi);
  return 0;
}
