/*
 * Has libsgutils2, the library of sg_decode_sense and sg_vpd, read what stands on standard input, one buffer a line: a letter
 * and hexadecimal digits. S: sense data. C: the category of sense data, which is the exit code. E: an exit code. V: VPD page 83h. A: an additional
 * sense code and qualifier. What it says goes to
 * standard output, fields with a tab between, one line for each.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <scsi/sg_lib.h>

static char line[20000], text[20000];

static int hex(const char *digits, uint8_t *bytes) {
  int length = 0;
  unsigned value;
  while (sscanf(digits + 2 * length, "%2x", &value) == 1) bytes[length++] = (uint8_t)value;
  return length;
}

/* Lines of the text end in a bar, so that the answer stays one line. */
static void put_text(const char *from) {
  for (; *from; from++) putchar(*from == '\n' ? '|' : *from == '\t' ? ' ' : *from);
}

static void sense(const uint8_t *bytes, int length) {
  struct sg_scsi_sense_hdr header;
  uint64_t information = 0, specific = 0;
  bool filemark = false, eom = false, ili = false;
  int progress = -1;
  bool known = sg_scsi_normalize_sense(bytes, length, &header);
  bool informed = sg_get_sense_info_fld(bytes, length, &information);
  sg_get_sense_cmd_spec_fld(bytes, length, &specific);
  sg_get_sense_filemark_eom_ili(bytes, length, &filemark, &eom, &ili);
  if (!sg_get_sense_progress_fld(bytes, length, &progress)) progress = -1;
  printf("%d\t%d\t%d\t%d\t%d\t%d\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d\t%d\t%d\t", known, header.response_code, header.sense_key,
         header.asc, header.ascq, informed, information, specific, filemark, eom, ili, progress);
  sg_get_sense_str(NULL, bytes, length, false, sizeof text, text);
  put_text(text);
  putchar('\n');
}

static void designators(const uint8_t *page, int length) {
  int at = -1, result;
  const uint8_t *list = page + 4;
  int there = length - 4;
  while ((result = sg_vpd_dev_id_iter(list, there, &at, -1, -1, -1)) == 0) {
    const uint8_t *one = list + at;
    printf("%d,%d,%d,%d,%d,", one[1] >> 4 & 3, one[1] & 15, one[0] & 15, one[1] & 0x80 ? one[0] >> 4 : -1, one[3]);
    sg_get_designation_descriptor_str("", one, one[3] + 4, true, false, sizeof text, text);
    put_text(text);
    putchar('\t');
  }
  printf("%d\n", result);
}

int main(void) {
  static uint8_t bytes[10000];
  while (fgets(line, sizeof line, stdin)) {
    /* The library reads the field replaceable unit code of 14 bytes, one past their end: as with sg_decode_sense, 0 is there. */
    memset(bytes, 0, sizeof bytes);
    int length = hex(line + 1, bytes);
    if (line[0] == 'S') sense(bytes, length);
    if (line[0] == 'C') printf("%d\n", sg_err_category_sense(bytes, length));
    if (line[0] == 'E') puts(sg_exit2str(bytes[0], true, sizeof text, text) ? text : "");
    if (line[0] == 'V') designators(bytes, length);
    if (line[0] == 'A') puts(sg_get_asc_ascq_str(bytes[0], bytes[1], sizeof text, text));
  }
  return 0;
}
