// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring that external interrupts release, read back: every interrupt that the
 * daemon's trace tells of is a period, served or not. The cell is written by
 * hand; the guest's clock is CLOCK_OFFSET behind the host's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/cellread.h"
#include "harness/measure.h"
#include "host/error.h"

#define CLOCK_OFFSET 7000000000ull
#define BEGIN 50000000000ull /* of phase solo, host's clock */
#define MS 1000000ull

static char folder[64];
static struct scenario scenario;

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/rs-interrupts-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	memset(&scenario, 0, sizeof(scenario));
	scenario.vm_count = 1;
	scenario.vms[0].name = (char *)"control";
	scenario.vms[0].role = VM_ROLE_CONTROL;
	return 0;
}

static int drop_folder(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* The daemon's trace dropped `dropped` events; phase solo lasts a second. */
static void write_cell(unsigned int dropped)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"schema\":1,\"policy\":\"ring_irq\",\"boot\":1,\"order\":1,"
		 "\"clock\":{\"control\":{\"offset_ns\":%llu,\"at_guest_ns\":1,\"drift_ppb\":0}},"
		 "\"phases\":[{\"name\":\"solo\",\"begin_ns\":%llu,\"end_ns\":%llu}],"
		 "\"rings\":[{\"vm\":\"control\",\"ring_id\":1,\"ring_prio\":80,"
		 "\"period_ns\":20000000,\"deadline_ns\":20000000,\"interrupt\":3,"
		 "\"samples\":\"samples.csv\"}],\"daemon\":{\"trace_dropped\":%u}}",
		 CLOCK_OFFSET, BEGIN, BEGIN + 1000 * MS, dropped);
	write_file("cell.json", text);
}

/* Interrupts at these milliseconds of the phase, and events that are none. */
static void write_trace(const unsigned int *at, size_t count)
{
	char text[4096] = "[{\"t\":1,\"vm\":\"control\",\"kind\":\"START\",\"ring_id\":1},"
			  "{\"t\":2,\"vm\":\"other\",\"kind\":\"INTERRUPT\",\"ring_id\":1},"
			  "{\"t\":3,\"vm\":\"control\",\"kind\":\"INTERRUPT\",\"ring_id\":2}";
	size_t used = strlen(text);

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 ",{\"t\":%llu,\"vm\":\"control\",\"kind\":\"INTERRUPT\","
					 "\"ring_id\":1,\"sent\":true}",
					 BEGIN + at[i] * MS);
	snprintf(text + used, sizeof(text) - used, "]");
	write_file("trace.json.gz", text);
}

/* The handler 1 ms after it came, the first process 2 ms, the end 5 ms. */
static void write_samples(const unsigned int *at, const unsigned int *sequence, size_t count)
{
	char text[4096] = "sequence,release_ns,flags,raised_ns,start0_ns,end0_ns\n";
	size_t used = strlen(text);

	for (size_t i = 0; i < count; i++) {
		unsigned long long raised = BEGIN + at[i] * MS;
		unsigned long long guest = raised - CLOCK_OFFSET;

		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%u,%llu,0,%llu,%llu,%llu\n", sequence[i], guest + MS,
					 raised, guest + 2 * MS, guest + 5 * MS);
	}
	write_file("samples.csv", text);
}

static struct cell *read_it(void)
{
	struct rs_error *err = NULL;
	struct cell *cell = cell_read(folder, &scenario, &err);

	if (!cell)
		fail_msg("%s", err->message);
	assert_int_equal(cell->ring_count, 1);
	assert_true(cell->rings[0].by_interrupt);
	return cell;
}

static void expect_refused(const char *sentence)
{
	struct rs_error *err = NULL;

	assert_null(cell_read(folder, &scenario, &err));
	if (!strstr(err->message, sentence))
		fail_msg("\"%s\" does not say \"%s\"", err->message, sentence);
	rs_error_free(&err);
}

static void test_all_served(void **state)
{
	static const unsigned int at[] = { 100, 120, 150 }, sequence[] = { 0, 1, 2 };
	struct measure m = { 0 };
	struct cell *cell;
	struct spread handler;

	(void)state;
	write_cell(0);
	write_trace(at, 3);
	write_samples(at, sequence, 3);
	cell = read_it();
	assert_int_equal(cell->rings[0].period_count, 3);
	assert_int_equal(cell->rings[0].periods[1].release, BEGIN + 120 * MS);
	assert_int_equal(cell->rings[0].periods[1].handler, BEGIN + 121 * MS);
	assert_int_equal(cell->rings[0].periods[1].start, BEGIN + 122 * MS);
	assert_int_equal(cell->rings[0].periods[1].end, BEGIN + 125 * MS);
	assert_int_equal(measure_add(&m, &cell->rings[0], &cell->phases[PHASE_SOLO], NULL), 0);
	assert_int_equal(m.periods, 3);
	assert_int_equal(m.missed, 0);
	handler = durations_spread(&m.handler);
	assert_int_equal(handler.count, 3);
	assert_true(handler.min == 1000 && handler.max == 1000);
	measure_clear(&m);
	cell_free(cell);
}

/* Nothing of 120 and 140 was served: they take as long as 200, and are missed;
 * of 900 nothing ever came. */
static void test_not_served_counts(void **state)
{
	static const unsigned int came[] = { 200, 100, 120, 900, 140 };
	static const unsigned int served[] = { 100, 200 }, sequence[] = { 0, 3 };
	struct measure m = { 0 };
	const struct period *p;
	struct cell *cell;

	(void)state;
	write_cell(0);
	write_trace(came, 5); /* in any order */
	write_samples(served, sequence, 2);
	cell = read_it();
	assert_int_equal(cell->rings[0].period_count, 5);
	p = cell->rings[0].periods;
	for (unsigned int i = 1; i <= 2; i++) {
		assert_true(p[i].skipped);
		assert_int_equal(p[i].release, BEGIN + (100 + 20 * i) * MS);
		assert_int_equal(p[i].handler, BEGIN + 201 * MS);
		assert_int_equal(p[i].end, BEGIN + 205 * MS);
	}
	assert_false(p[3].skipped);
	assert_true(p[4].skipped);
	assert_int_equal(p[4].handler, 0);
	assert_int_equal(p[4].end, 0);
	assert_int_equal(measure_add(&m, &cell->rings[0], &cell->phases[PHASE_SOLO], NULL), 0);
	assert_int_equal(m.periods, 5);
	assert_int_equal(m.skipped, 3);
	assert_int_equal(m.missed, 3);
	assert_int_equal(m.handler.count, 4);
	measure_clear(&m);
	cell_free(cell);
}

/* Two datagrams seen at once are two interrupts; the second's handler is later. */
static void test_two_at_once(void **state)
{
	static const unsigned int at[] = { 100, 100, 130 };
	unsigned long long raised = BEGIN + 100 * MS, guest = raised - CLOCK_OFFSET;
	struct cell *cell;
	char text[512];

	(void)state;
	write_cell(0);
	write_trace(at, 3);
	snprintf(text, sizeof(text),
		 "sequence,release_ns,flags,raised_ns,start0_ns,end0_ns\n"
		 "0,%llu,0,%llu,%llu,%llu\n1,%llu,0,%llu,%llu,%llu\n",
		 guest + MS, raised, guest + 2 * MS, guest + 5 * MS, guest + MS + 1, raised,
		 guest + 5 * MS, guest + 8 * MS);
	write_file("samples.csv", text);
	cell = read_it();
	assert_int_equal(cell->rings[0].period_count, 3);
	assert_false(cell->rings[0].periods[0].skipped);
	assert_false(cell->rings[0].periods[1].skipped);
	assert_true(cell->rings[0].periods[2].skipped);
	cell_free(cell);
}

/* A guest may write any time there: such a row is one that came by itself. */
static void test_times_of_the_guest(void **state)
{
	static const unsigned int came[] = { 100, 120 }, told[] = { 50, 700 };
	static const unsigned int sequence[] = { 0, 1 };
	struct cell *cell;

	(void)state;
	write_cell(0);
	write_trace(came, 2);
	write_samples(told, sequence, 2);
	cell = read_it();
	assert_int_equal(cell->rings[0].period_count, 4);
	assert_true(cell->rings[0].periods[1].skipped);
	assert_true(cell->rings[0].periods[2].skipped);
	cell_free(cell);
}

static void test_refused(void **state)
{
	static const unsigned int at[] = { 100 }, sequence[] = { 0 };

	(void)state;
	write_cell(5);
	write_trace(at, 1);
	write_samples(at, sequence, 1);
	expect_refused("no room for 5 events");
	write_cell(0);
	write_file("samples.csv", "sequence,release_ns,flags,start0_ns,end0_ns\n");
	expect_refused("no column raised_ns");
	write_samples(at, sequence, 1);
	write_file("trace.json.gz", "nonsense");
	expect_refused("no trace of what interrupts came");
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_all_served),	    T(test_not_served_counts), T(test_two_at_once),
		T(test_times_of_the_guest), T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
