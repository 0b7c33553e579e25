/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client side of the daemon's control socket (docs/control-socket.md), used
 * by the harness and by tests. Not for use by two threads at once.
 */
#ifndef RINGSCHED_CONTROL_CLIENT_H
#define RINGSCHED_CONTROL_CLIENT_H

struct control_client;
struct json_object;
struct rs_error;

/* Longest answer that is accepted, in bytes: a full trace of 100,000 events. */
#define CONTROL_ANSWER_MAX (64u << 20)

/*
 * Connect to the socket at `path`. `timeout_ms` bounds the connection and
 * each later request. NULL with *err set on failure.
 */
struct control_client *control_client_connect(const char *path, int timeout_ms,
					      struct rs_error **err);
void control_client_close(struct control_client *client); /* NULL is allowed */

/*
 * Send one request (borrowed) and wait for its answer. Returns the answer,
 * whose "ok" is true (the caller releases it with json_object_put), or NULL
 * with *err set: the daemon's own sentence where it refused (EREMOTEIO), or
 * ETIMEDOUT, ECONNRESET, EPROTO. After any code but EREMOTEIO the client is
 * of no more use than to be closed.
 */
struct json_object *control_client_request(struct control_client *client,
					   struct json_object *request, struct rs_error **err);

/* The same for a request that has no other key than "command". */
struct json_object *control_client_command(struct control_client *client, const char *command,
					   struct rs_error **err);

static inline void cleanup_control_clientp(struct control_client **client)
{
	control_client_close(*client);
}

#define cleanup_control_client __attribute__((cleanup(cleanup_control_clientp)))

#endif
