/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control server and its clients in one process: real sockets, one loop, the clients never block.
 * What needs several users connects as them, so these tests run as root. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/control_peer.h"

#define ROW(text) (text), sizeof(text) - 1
#define LARGE (4u << 20)
#define NONE CONTROL_NO_GROUP
#define UID_A 61001
#define GID_A 61001

#define CALL(method, rest) "{'method':'org.mssclamp." method "'" rest "}\0"
#define WITH(parameters) ",'parameters':{" parameters "}"
#define STATUS CALL("GetStatus", "")
#define ONEWAY CALL("GetStatus", ",'oneway':true")
#define EXPLAIN(parameters) CALL("Explain", WITH(parameters))
#define SUBSCRIBE CALL("Subscribe", ",'more':true")
#define DESCRIBE \
	"{'method':'org.varlink.service.GetInterfaceDescription'" \
	WITH("'interface':'org.mssclamp'") "}\0"
#define OURS(name) "{'error':'org.mssclamp." name "','parameters':{'message':'"
#define STANDARD(name, key, value) \
	"{'error':'org.varlink.service." name "','parameters':{'" key "':'" value "'}}"
#define INVALID(name) STANDARD("InvalidParameter", "parameter", name)
#define NO_CALL OURS("InvalidArgument") "not a Varlink call: "
#define CALLS(n) "{'parameters':{'calls':" #n "}}"

struct fixture {
	char directory[32], path[64];
	sd_event *event;
	struct control *control;
	struct control_config config;
	unsigned int status_calls, reloads, gone;
	enum { SUBSCRIBE_GREET, SUBSCRIBE_SILENTLY, SUBSCRIBE_REFUSE } subscribe;
};

/* What is wrong is told in words, too. */
static inline int reconfigure(struct fixture *f)
{
	char *error = NULL;
	int r = control_reconfigure(f->control, &f->config, &error);

	assert_true((r < 0) == (error != NULL));
	free(error);
	return r;
}

static inline json_t *get_status(struct control_call *call, json_t *parameters, void *userdata)
{
	struct fixture *f = userdata;

	(void)call;
	(void)parameters;
	return json_pack("{s:i}", "calls", ++f->status_calls);
}

static inline json_t *get_stats(struct control_call *call, json_t *parameters, void *userdata)
{
	char *text = calloc(1, LARGE + 1);
	json_t *reply;

	(void)call;
	(void)parameters;
	(void)userdata;
	memset(text, 'x', LARGE);
	reply = json_pack("{s:s}", "text", text);
	free(text);
	return reply;
}

static inline json_t *explain(struct control_call *call, json_t *parameters, void *userdata)
{
	const char *flow = json_string_value(json_object_get(parameters, "flow"));

	(void)userdata;
	if (strcmp(flow, "unknown") == 0)
		return control_fail(call, CONTROL_NOT_FOUND, "look again", "no flow <%s>", flow);
	if (strcmp(flow, "bytes") == 0)
		return control_fail(call, CONTROL_FAILED, NULL, "file \xff\xfe");
	if (strcmp(flow, "nothing") == 0)
		return NULL;
	return json_pack("{s:s}", "flow", flow);
}

static inline json_t *reload(struct control_call *call, json_t *parameters, void *userdata)
{
	struct fixture *f = userdata;

	(void)call;
	(void)parameters;
	return json_pack("{s:i}", "reloads", ++f->reloads);
}

static inline json_t *subscribe(struct control_call *call, json_t *parameters, void *userdata)
{
	struct fixture *f = userdata;

	(void)parameters;
	if (f->subscribe == SUBSCRIBE_REFUSE)
		return control_fail(call, CONTROL_FAILED, NULL, "not today");
	return f->subscribe == SUBSCRIBE_GREET ? json_pack("{s:s}", "event", "hello") : NULL;
}

static const struct control_method methods[] = {
	{ "GetStatus", false, false, get_status },
	{ "GetStats", false, false, get_stats },
	{ "Explain", false, false, explain },
	{ "Reload", true, false, reload },
	{ "Subscribe", false, true, subscribe },
	{ NULL, false, false, NULL },
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/control-XXXXXX");
	if (!mkdtemp(f->directory) || chmod(f->directory, 0755) < 0 || sd_event_new(&f->event) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/s", f->directory);
	f->config = (struct control_config){
		.socket = f->path,
		.group = "",
		.admin_group = "daemon",
		.listen_fd = -1,
		.methods = methods,
		.userdata = f,
	};
	*state = f;
	return 0;
}

/* As the daemon does, but for its sandbox in between. */
static inline int control_open(sd_event *event, const struct control_config *config,
		 struct control **ret_control)
{
	struct control *control;
	int r = control_prepare(event, config, &control);

	if (r < 0)
		return r;
	r = control_listen(control, config);
	if (r < 0)
		control_close(control);
	else
		*ret_control = control;
	return r;
}

static inline int set_up_open(void **state)
{
	struct fixture *f;

	if (set_up(state) < 0)
		return -1;
	f = *state;
	if (control_open(f->event, &f->config, &f->control) < 0)
		return -1;
	/* so that the other users of these tests get in */
	return chmod(f->path, 0666);
}

/* The directory can only go when the server has removed its file. */
static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	int r;

	control_close(f->control);
	sd_event_unref(f->event);
	r = rmdir(f->directory);
	if (r < 0)
		print_error("%s: %s\n", f->directory, strerror(errno));
	free(f);
	return r;
}

static inline struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static inline int connect_to(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("connect %s: %s", path, strerror(errno));
	return fd;
}

/* Connects as another user. extra: a supplementary group, or CONTROL_NO_GROUP. */
static inline int connect_as(const char *path, uid_t uid, gid_t gid, gid_t extra)
{
	int fd;

	if (geteuid() != 0)
		fail_msg("this test connects as several users: run it as root");
	assert_int_equal(setgroups(extra == CONTROL_NO_GROUP ? 0 : 1, &extra), 0);
	assert_int_equal(setegid(gid), 0);
	assert_int_equal(seteuid(uid), 0);
	fd = connect_to(path);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	return fd;
}

/* JSON in single quotes, for tables that can be read. Owned. */
static inline char *unquote(const char *quoted, size_t len)
{
	char *text = calloc(1, len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = quoted[i] == '\'' ? '"' : quoted[i];
	return text;
}

/* Sends JSON in single quotes as what it means. */
static inline void send_all(int fd, const char *quoted, size_t len)
{
	char *bytes = unquote(quoted, len);

	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	free(bytes);
}

/* Lets the server work until it has nothing to do. */
static inline void pump(struct fixture *f)
{
	while (sd_event_run(f->event, 0) > 0)
		;
}

/* What a client has got so far, and whether its connection is closed. */
struct received {
	char *bytes;
	size_t len;
	bool closed;
};

static inline void receive(int fd, struct received *got)
{
	char chunk[65536];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0) {
		got->bytes = realloc(got->bytes, got->len + (size_t)n + 1);
		assert_non_null(got->bytes);
		memcpy(got->bytes + got->len, chunk, (size_t)n);
		got->len += (size_t)n;
		got->bytes[got->len] = '\0';
	}
	got->closed = got->closed || n == 0 || (n < 0 && errno != EAGAIN);
}

/* Lets the server work and reads until neither has more. */
static inline struct received talk(struct fixture *f, int fd)
{
	struct received got = { 0 };
	size_t before;

	do {
		before = got.len;
		pump(f);
		receive(fd, &got);
	} while (got.len > before);
	return got;
}

static inline size_t count_messages(const struct received *got)
{
	size_t count = 0;

	for (size_t i = 0; i < got->len; i++)
		count += got->bytes[i] == '\0';
	return count;
}

static inline bool contains(const struct received *got, const char *quoted)
{
	char *piece = unquote(quoted, strlen(quoted));
	bool found = got->bytes && strstr(got->bytes, piece);

	free(piece);
	return found;
}

static inline void expect_served(struct fixture *f, int fd)
{
	struct received got;

	send_all(fd, ROW(STATUS));
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 1);
	assert_true(contains(&got, "'calls'"));
	assert_false(got.closed);
	free(got.bytes);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up_open, tear_down)
#define WITHOUT_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
