// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/rundb.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/run_state.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

#define RUNDB_SCHEMA "1" /* PRAGMA user_version */

struct rundb {
	sqlite3 *sql;
	char *path;
	sqlite3_int64 session;
};

/*
 * One file, and its rollback journal only while a change is made: a
 * write-ahead log would leave two more files in the folder and does not work
 * on network file systems; one change a cell needs no speed. The lock is the
 * kernel's, so that it ends with the process that has it.
 */
static const char open_sql[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA journal_mode = DELETE;"
			       "PRAGMA synchronous = FULL;"
			       "BEGIN EXCLUSIVE; COMMIT;";

static const char create_sql[] =
	"BEGIN;"
	"CREATE TABLE run(key TEXT PRIMARY KEY, value TEXT NOT NULL);"
	"CREATE TABLE cell(number INTEGER PRIMARY KEY, policy TEXT NOT NULL, boot INTEGER NOT NULL,"
	" state TEXT NOT NULL, attempts INTEGER NOT NULL, version TEXT, begun TEXT, ended TEXT,"
	" error TEXT, UNIQUE(policy, boot));"
	"CREATE TABLE session(id INTEGER PRIMARY KEY, version TEXT NOT NULL, started TEXT NOT NULL,"
	" seconds REAL NOT NULL, ending TEXT NOT NULL);"
	"PRAGMA user_version = " RUNDB_SCHEMA ";";

static int fail_sql(const struct rundb *db, const char *doing, struct rs_error **err)
{
	return rs_fail(err, EIO, "%s: %s: %s", db->path, doing, sqlite3_errmsg(db->sql));
}

/* Runs one statement with values bound by `types`: s text or NULL, i int64, d double. */
static int execute(struct rundb *db, struct rs_error **err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;
	int i, code;

	if (sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL) != SQLITE_OK)
		return fail_sql(db, sql, err);
	va_start(values, types);
	for (i = 0; types[i]; i++) {
		if (types[i] == 's')
			sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1,
					  SQLITE_TRANSIENT);
		else if (types[i] == 'd')
			sqlite3_bind_double(statement, i + 1, va_arg(values, double));
		else
			sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
	}
	va_end(values);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : fail_sql(db, sql, err);
}

/* SQLite's locks are POSIX locks on the file, so the kernel knows whose. */
static int fail_busy(const struct rundb *db, struct rs_error **err)
{
	cleanup_close int fd = open(db->path, O_RDWR | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	return rs_fail(
		err, EBUSY,
		"%s is in use by another process (pid %d): a run of this folder goes on; wait "
		"for its end",
		db->path, (int)lock.l_pid);
}

static int take(struct rundb *db, struct rs_error **err)
{
	int code = sqlite3_exec(db->sql, open_sql, NULL, NULL, NULL);

	if (code == SQLITE_BUSY)
		return fail_busy(db, err);
	return code == SQLITE_OK ? 0 : fail_sql(db, "opening", err);
}

static int check_schema(struct rundb *db, struct rs_error **err)
{
	sqlite3_stmt *statement;
	int found = -1;

	if (sqlite3_prepare_v2(db->sql, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return fail_sql(db, "reading", err);
	if (sqlite3_step(statement) == SQLITE_ROW)
		found = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	if (found != atoi(RUNDB_SCHEMA))
		return rs_fail(err, EPROTO, "%s: its schema is %d, not %s, the one known here",
			       db->path, found, RUNDB_SCHEMA);
	return 0;
}

static struct rundb *open_file(const char *out, int flags, struct rs_error **err)
{
	struct rundb *db = calloc(1, sizeof(*db));

	if (db)
		db->path = folder_path(out, "run.db");
	if (!db || !db->path) {
		rs_fail(err, ENOMEM, "out of memory");
	} else if (sqlite3_open_v2(db->path, &db->sql, flags, NULL) != SQLITE_OK) {
		fail_sql(db, "opening", err);
	} else if (take(db, err) == 0) {
		return db;
	}
	rundb_close(db);
	return NULL;
}

struct rundb *rundb_create(const char *out, struct rs_error **err)
{
	struct rundb *db = open_file(out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);

	if (db && sqlite3_exec(db->sql, create_sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail_sql(db, "making its tables", err);
		rundb_close(db);
		return NULL;
	}
	return db;
}

struct rundb *rundb_open(const char *out, struct rs_error **err)
{
	cleanup_free char *path = folder_path(out, "run.db");
	struct rundb *db = NULL;
	struct stat st;

	/* An empty one is of a run that was killed while it made its list. */
	if (path && (stat(path, &st) < 0 || !st.st_size))
		rs_fail(err, ENOENT,
			"%s holds no list of cells to go on with (run.db): it is no run's folder, "
			"its run ended before the first cell, or it was kept without that list; "
			"start a new run",
			out);
	else
		db = open_file(out, SQLITE_OPEN_READWRITE, err);
	/* We have it alone, so whoever measured before us is dead. */
	if (db && (check_schema(db, err) < 0 ||
		   execute(db, err, "UPDATE session SET ending = 'killed' WHERE ending = 'running'",
			   "") < 0)) {
		rundb_close(db);
		return NULL;
	}
	return db;
}

void rundb_close(struct rundb *db)
{
	if (!db)
		return;
	sqlite3_close(db->sql);
	free(db->path);
	free(db);
}

int rundb_set(struct rundb *db, const char *key, const char *value, struct rs_error **err)
{
	return execute(db, err, "INSERT OR REPLACE INTO run VALUES(?, ?)", "ss", key, value);
}

char *rundb_get(struct rundb *db, const char *key, struct rs_error **err)
{
	sqlite3_stmt *statement;
	char *value = NULL;

	if (sqlite3_prepare_v2(db->sql, "SELECT value FROM run WHERE key = ?", -1, &statement,
			       NULL) != SQLITE_OK) {
		fail_sql(db, "reading", err);
		return NULL;
	}
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	if (!value)
		rs_fail(err, ENODATA, "%s: '%s' is missing", db->path, key);
	return value;
}

int rundb_begin(struct rundb *db, struct rs_error **err)
{
	return execute(db, err, "BEGIN", "");
}

int rundb_commit(struct rundb *db, struct rs_error **err)
{
	return execute(db, err, "COMMIT", "");
}

int rundb_put_cell(struct rundb *db, unsigned int number, const struct run_cell *cell,
		   struct rs_error **err)
{
	return execute(db, err, "INSERT OR REPLACE INTO cell VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
		       "isisissss", (int64_t)number, cell->policy, (int64_t)cell->boot,
		       run_cell_state_name(cell->state), (int64_t)cell->attempts, cell->version,
		       cell->begun, cell->ended, cell->error);
}

static char *column(sqlite3_stmt *statement, int i)
{
	const unsigned char *text = sqlite3_column_text(statement, i);

	return text ? strdup((const char *)text) : NULL;
}

static int read_cell(sqlite3_stmt *statement, unsigned int number, struct run_cell *cell,
		     const struct rundb *db, struct rs_error **err)
{
	cleanup_free char *state = column(statement, 3);

	cell->policy = column(statement, 1);
	cell->boot = (unsigned int)sqlite3_column_int(statement, 2);
	cell->attempts = (unsigned int)sqlite3_column_int(statement, 4);
	cell->version = column(statement, 5);
	cell->begun = column(statement, 6);
	cell->ended = column(statement, 7);
	cell->error = column(statement, 8);
	if (sqlite3_column_int64(statement, 0) != number || !cell->policy || !state ||
	    !run_cell_state_find(state, &cell->state))
		return rs_fail(err, EPROTO, "%s: cell %u is missing or in no known state", db->path,
			       number);
	return 0;
}

int rundb_cells(struct rundb *db, struct run_cell **cells, unsigned int *count,
		struct rs_error **err)
{
	sqlite3_stmt *statement;
	int code, ret = 0;

	*cells = NULL;
	*count = 0;
	if (sqlite3_prepare_v2(db->sql, "SELECT * FROM cell ORDER BY number", -1, &statement,
			       NULL) != SQLITE_OK)
		return fail_sql(db, "reading its cells", err);
	while (ret == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct run_cell *more = realloc(*cells, (*count + 1) * sizeof(*more));

		if (!more) {
			ret = rs_fail(err, ENOMEM, "out of memory");
			break;
		}
		*cells = more;
		memset(&more[*count], 0, sizeof(*more));
		ret = read_cell(statement, *count + 1, &more[*count], db, err);
		++*count;
	}
	if (ret == 0 && code != SQLITE_DONE)
		ret = fail_sql(db, "reading its cells", err);
	sqlite3_finalize(statement);
	return ret;
}

int rundb_begin_session(struct rundb *db, const char *version, const char *started,
			struct rs_error **err)
{
	int ret = execute(db, err, "INSERT INTO session VALUES(NULL, ?, ?, 0, 'running')", "ss",
			  version, started);

	db->session = sqlite3_last_insert_rowid(db->sql);
	return ret;
}

int rundb_note_session(struct rundb *db, double seconds, const char *ending, struct rs_error **err)
{
	return execute(db, err, "UPDATE session SET seconds = ?, ending = ? WHERE id = ?", "dsi",
		       seconds, ending, (int64_t)db->session);
}

struct json_object *rundb_sessions(struct rundb *db, struct rs_error **err)
{
	struct json_object *rows = json_object_new_array();
	static const char *const texts[] = { "version", "started", "ending" };
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db->sql,
			       "SELECT version, started, ending, seconds FROM session ORDER BY id",
			       -1, &statement, NULL) != SQLITE_OK) {
		fail_sql(db, "reading its sessions", err);
		json_object_put(rows);
		return NULL;
	}
	while (sqlite3_step(statement) == SQLITE_ROW) {
		struct json_object *row = json_object_new_object();

		for (int i = 0; i < 3; i++)
			json_add_text(row, texts[i],
				      (const char *)sqlite3_column_text(statement, i));
		json_add_number(row, "seconds", sqlite3_column_double(statement, 3));
		json_object_array_add(rows, row);
	}
	sqlite3_finalize(statement);
	return rows;
}
