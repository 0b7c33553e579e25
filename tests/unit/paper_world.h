/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of runs whose numbers are known, as scripts/paper leaves it: of
 * test_paper.c and test_paper_value.c.
 */
#ifndef TESTS_PAPER_WORLD_H
#define TESTS_PAPER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/folder.h"
#include "harness/paper.h"
#include "host/cleanup.h"

static char folder[64];

#define RUN(accel, policies)                                                                                \
	"{\"preset\":\"smoke\",\"accel\":\"" accel "\",\"accel_why\":\"asked for\","                        \
	"\"version\":\"1.0\",\"environment\":{\"cpu\":\"a processor\",\"cores\":2},\"policies\":{" policies \
	"}}"
#define POLICY(name, rest) \
	"\"" name "\":{\"boots\":6,\"boots_missing\":0,\"samples_lost\":0," rest "}"
#define MISSED(ring, phase, missed)                                                               \
	"\"rings\":{\"" ring "\":{\"phases\":{\"" phase "\":{\"periods\":1000,\"missed\":" missed \
	",\"missed_unstained\":" missed "}}}}"
#define BOOTING(interference, wait, boot_s, missed)                                              \
	"\"interference\":" interference ",\"kicks_per_period\":2,\"send_us\":21.5,"             \
	"\"handling_us\":{\"count\":4000,\"p99\":60},\"neighbour_boot_s\":[" boot_s "],"         \
	"\"phases\":{\"solo\":{\"cost\":{\"daemon_cpu_us_per_s\":900,\"reads_per_period\":0,"    \
	"\"guest_extra_us_per_period\":30,\"guest_overhead_us_per_period\":400}},"               \
	"\"boot\":{\"periods\":1000,\"missed_unstained\":" missed ","                            \
	"\"vcpu_wait_us_per_period\":" wait ",\"cost\":{\"notifications_per_period\":2,"         \
	"\"reads_per_period\":0,\"daemon_cpu_us_per_s\":950,\"priority_changes_per_s\":100,"     \
	"\"neighbour_cpu_share\":0.4,\"control_cpu_share\":0.35}}}," MISSED("control/1", "boot", \
									    missed)
#define RING_SIZE(at_16)                                                                   \
	"\"samples_rejected\":0,\"rings\":{\"control/1\":{\"notifications_per_period\":2," \
	"\"phases\":{\"solo\":{\"periods\":80,\"missed\":1,\"missed_unstained\":0}}},"     \
	"\"control/15\":{\"notifications_per_period\":" at_16 ",\"phases\":{\"solo\":"     \
	"{\"periods\":80,\"missed\":0,\"missed_unstained\":0}}}}"
#define POINT(vms, cost) "{\"vms\":" vms ",\"cost\":{\"median\":" cost "}}"

static const struct {
	const char *source, *file, *text;
} files[] = {
	{ "boot-interference", "summary.json",
	  RUN("tcg",
	      POLICY("none", BOOTING("3.7", "7000", "40,null,42", "500")) "," POLICY(
		      "ring",
		      BOOTING("1.15", "1200", "48,49",
			      "0")) "," POLICY("ring_boot",
					       BOOTING("1.02", "180", "48,50",
						       "0")) "," POLICY("dedicated",
									BOOTING("1.3", "180", "60",
										"3"))) },
	{ "ring-size", "summary.json",
	  RUN("tcg",
	      POLICY("ring", RING_SIZE("2.001")) "," POLICY("per_switch", RING_SIZE("17"))) },
	{ "ring-change", "summary.json",
	  RUN("tcg",
	      POLICY("ring", "\"ring_change\":{\"ratio\":0.08,\"lock\":{\"longest_blocking_us\":"
			     "40000,\"use_us\":{\"p50\":14000}},\"change\":{"
			     "\"longest_blocking_us\":3200,\"use_us\":{\"p50\":75000}}}")) },
	{ "rogue-guest", "summary.json",
	  RUN("tcg", POLICY("ring_boot", MISSED("control/1", "shared", "0"))) },
	{ "two-rings", "summary.json",
	  RUN("tcg", POLICY("ring", MISSED("higher/1", "solo", "0"))) },
	{ "background", "summary.json", "{ this is no JSON" },
	{ "scale", "scale.json",
	  "{\"version\":\"1.0\",\"series\":{\"ring\":{\"ratio_most_to_fewest\":{\"median\":0.9}},"
	  "\"rq_scan\":{\"ratio_most_to_fewest\":{\"median\":20},\"points\":[" POINT(
		  "1", "2000") "," POINT("4",
					 "5100") "," POINT("16",
							   "16900") "," POINT("64",
									      "65000") "]}}}" },
};

static inline int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/rs-paper.XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_free char *dir = folder_path(folder, "%s", files[i].source);
		cleanup_free char *path = folder_path(dir, "%s", files[i].file);

		assert_int_equal(mkdir(dir, 0755), 0);
		assert_int_equal(folder_write(path, files[i].text, NULL), 0);
	}
	return 0;
}

static inline int remove_folder(void **state)
{
	(void)state;
	return folder_remove(folder, NULL);
}

static inline struct paper *open_folder(void)
{
	struct paper *p = paper_open(folder, NULL);

	assert_non_null(p);
	return p;
}

#endif
