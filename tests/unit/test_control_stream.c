/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls with replies of their own: what their clients get, in which order, and who hears of a client
 * that leaves. */
#include "control_fixture.h"

#include "base/clock.h"
#include "daemon/control/control_connection.h"

#define PROBE CALL("Probe", WITH("'target':'x'") ",'more':true")
#define PROBE_ONCE CALL("Probe", WITH("'target':'x'"))
#define PROBE_ONEWAY CALL("Probe", WITH("'target':'x'") ",'oneway':true")
#define N(n) "{'parameters':{'n':" #n "},'continues':true}"
#define LAST(n) "{'parameters':{'n':" #n "}}"
#define FAILED(why) OURS("Failed") why "','hint':'look'}}"
#define MEBIBYTE (1u << 20)

/* What the command does, a letter each: r a reply, e the last one, f fails, m a mebibyte, n and N a
 * reply and the last one for which memory was short; only while it runs: v returns a reply, F fails
 * as commands without a stream do. */
struct stage {
	const char *in_run;
	struct control_stream *stream;
	int said, gone, status_calls;
};

static void on_stream_gone(void *userdata)
{
	struct stage *stage = userdata;

	stage->gone++;
	stage->stream = NULL;
}

static json_t *mebibyte(void)
{
	char *text = calloc(1, MEBIBYTE + 1);
	json_t *reply;

	assert_non_null(text);
	memset(text, 'x', MEBIBYTE);
	reply = json_pack("{s:s}", "text", text);
	free(text);
	return reply;
}

static void act(struct stage *stage, char letter)
{
	json_t *reply = strchr("nNf", letter) ? NULL : json_pack("{s:i}", "n", ++stage->said);

	switch (letter) {
	case 'r':
	case 'n':
		control_stream_reply(stage->stream, reply);
		break;
	case 'm':
		json_decref(reply);
		control_stream_reply(stage->stream, mebibyte());
		break;
	case 'e':
	case 'N':
		control_stream_end(stage->stream, reply);
		break;
	case 'f':
		control_stream_fail(stage->stream, CONTROL_FAILED, "look", "it %s", "broke");
		break;
	default:
		fail_msg("no such act: %c", letter);
	}
}

static json_t *probe(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;

	(void)parameters;
	stage->stream = control_stream_open(call, on_stream_gone, stage);
	for (const char *letter = stage->in_run; stage->stream && *letter; letter++) {
		if (*letter == 'v')
			return json_pack("{s:i}", "n", ++stage->said);
		if (*letter == 'F')
			return control_fail(call, CONTROL_FAILED, "look", "not today");
		act(stage, *letter);
	}
	return NULL;
}

static json_t *count_status(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;

	(void)call;
	(void)parameters;
	return json_pack("{s:i}", "calls", ++stage->status_calls);
}

static const struct control_method probing_methods[] = {
	{ "GetStatus", false, false, count_status },
	{ "Probe", false, false, probe },
	{ "Subscribe", false, true, probe },
	{ NULL, false, false, NULL },
};

static int set_up_probing(void **state)
{
	struct fixture *f;

	if (set_up(state) < 0)
		return -1;
	f = *state;
	f->config.methods = probing_methods;
	f->config.userdata = calloc(1, sizeof(struct stage));
	return control_open(f->event, &f->config, &f->control);
}

static int tear_down_probing(void **state)
{
	struct stage *stage = ((struct fixture *)*state)->config.userdata;
	int r = tear_down(state);

	free(stage);
	return r;
}

/* What comes of one talk: a piece of each reply, in order. */
static const struct {
	const char *name, *bytes;
	size_t len;
	const char *in_run, *later;
	bool closed;
	int gone;
	const char *replies[5];
} talks[] = {
	/* clang-format off */
	{ "replies, the last one, the next call", ROW(PROBE STATUS), "", "rre", false, 0,
	  { N(1), N(2), LAST(3), CALLS(1) } },
	{ "nothing yet, and what follows waits", ROW(PROBE STATUS "hello\0"), "", "", false, 0,
	  { NULL } },
	{ "not over, and what follows waits", ROW(PROBE STATUS), "r", "r", false, 0, { N(1), N(2) } },
	{ "all of it while the command runs", ROW(PROBE STATUS), "rre", "", false, 0,
	  { N(1), N(2), LAST(3), CALLS(1) } },
	{ "the last one alone, at once", ROW(PROBE STATUS), "e", "", false, 0, { LAST(1), CALLS(1) } },
	{ "one after the other", ROW(PROBE PROBE STATUS), "re", "", false, 0,
	  { N(1), LAST(2), N(3), LAST(4), CALLS(1) } },
	{ "the first reply is returned", ROW(PROBE STATUS), "rv", "e", false, 0,
	  { N(1), N(2), LAST(3), CALLS(1) } },
	{ "it fails", ROW(PROBE STATUS), "r", "f", false, 0,
	  { N(1), FAILED("it broke"), CALLS(1) } },
	{ "it fails at once", ROW(PROBE STATUS), "f", "", false, 0, { FAILED("it broke"), CALLS(1) } },
	{ "it fails as any command", ROW(PROBE STATUS), "rF", "", false, 0,
	  { N(1), FAILED("not today"), CALLS(1) } },
	{ "without more", ROW(PROBE_ONCE STATUS), "r", "rre", false, 0, { LAST(4), CALLS(1) } },
	{ "without more, at once", ROW(PROBE_ONCE STATUS), "re", "", false, 0, { LAST(2), CALLS(1) } },
	{ "without more, returned", ROW(PROBE_ONCE STATUS), "v", "e", false, 0,
	  { LAST(2), CALLS(1) } },
	{ "without more, failed", ROW(PROBE_ONCE STATUS), "r", "f", false, 0,
	  { FAILED("it broke"), CALLS(1) } },
	{ "oneway", ROW(PROBE_ONEWAY STATUS), "r", "", false, 0, { CALLS(1) } },
	{ "a row that streams", ROW(SUBSCRIBE STATUS), "", "re", false, 0,
	  { N(1), LAST(2), CALLS(1) } },
	{ "a reply is lost", ROW(PROBE STATUS), "r", "n", true, 1, { N(1) } },
	{ "a reply is lost at once", ROW(PROBE STATUS), "n", "", true, 1, { NULL } },
	{ "the last one is lost", ROW(PROBE STATUS), "r", "N", true, 0, { N(1) } },
	{ "the last one is lost at once", ROW(PROBE STATUS), "N", "", true, 0, { NULL } },
	/* clang-format on */
};

static void check_talk(size_t row, const struct received *got)
{
	size_t at = 0, i;

	for (i = 0; i < COUNT(talks[row].replies) && talks[row].replies[i]; i++) {
		char *piece = unquote(talks[row].replies[i], strlen(talks[row].replies[i]));

		if (at >= got->len || !strstr(got->bytes + at, piece))
			fail_msg("%s: reply %zu is %s", talks[row].name, i + 1,
				 at < got->len ? got->bytes + at : "missing");
		free(piece);
		at += strlen(got->bytes + at) + 1;
	}
	if (at != got->len)
		fail_msg("%s: one reply too many: %s", talks[row].name, got->bytes + at);
}

static void append(struct received *got, struct received *more)
{
	got->bytes = realloc(got->bytes, got->len + more->len + 1);
	assert_non_null(got->bytes);
	if (more->len)
		memcpy(got->bytes + got->len, more->bytes, more->len);
	got->len += more->len;
	got->bytes[got->len] = '\0';
	got->closed |= more->closed;
	free(more->bytes);
}

static void test_talks(void **state)
{
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;

	for (size_t i = 0; i < COUNT(talks); i++) {
		int fd = connect_to(f->path);
		struct received got = { 0 }, more;

		*stage = (struct stage){ .in_run = talks[i].in_run };
		send_all(fd, talks[i].bytes, talks[i].len);
		more = talk(f, fd);
		append(&got, &more);
		for (const char *letter = talks[i].later; *letter; letter++) {
			act(stage, *letter);
			more = talk(f, fd);
			append(&got, &more);
		}
		check_talk(i, &got);
		if (got.closed != talks[i].closed || stage->gone != talks[i].gone)
			fail_msg("%s: closed %d, gone %d", talks[i].name, got.closed, stage->gone);
		if (got.closed && stage->status_calls > 0)
			fail_msg("%s: cut off, and the next call was run", talks[i].name);
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

/* How a client leaves an open call, and whether its command hears of it. */
static const struct {
	const char *name, *bytes;
	size_t len;
	const char *later;
	int shut, gone;
} leavings[] = {
	/* clang-format off */
	{ "nothing was said", ROW(PROBE), "", SHUT_RDWR, 1 },
	{ "in the middle", ROW(PROBE), "rr", SHUT_RDWR, 1 },
	{ "with calls left", ROW(PROBE STATUS "{"), "r", SHUT_RDWR, 1 },
	{ "without more", ROW(PROBE_ONCE), "r", SHUT_RDWR, 1 },
	{ "behind the last reply", ROW(PROBE), "re", SHUT_RDWR, 0 },
	{ "behind an error", ROW(PROBE), "f", SHUT_RDWR, 0 },
	{ "says no more but listens", ROW(PROBE), "r", SHUT_WR, 0 },
	/* clang-format on */
};

static void test_who_leaves(void **state)
{
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;

	for (size_t i = 0; i < COUNT(leavings); i++) {
		int fd = connect_to(f->path);

		print_message("%s\n", leavings[i].name);
		*stage = (struct stage){ .in_run = "" };
		send_all(fd, leavings[i].bytes, leavings[i].len);
		free(talk(f, fd).bytes);
		for (const char *letter = leavings[i].later; *letter; letter++)
			act(stage, *letter);
		pump(f);
		assert_int_equal(stage->gone, 0);
		assert_int_equal(shutdown(fd, leavings[i].shut), 0);
		pump(f);
		assert_int_equal(stage->gone, leavings[i].gone);
		assert_int_equal(stage->status_calls, 0);
		close(fd);
		pump(f);
		assert_false(control_has_listeners(f->control, "Probe"));
	}
}

/* One that says no more gets the rest, and then what it had asked before. */
static void test_half_closed_client_gets_the_rest(void **state)
{
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;
	int fd = connect_to(f->path);
	struct received got;

	*stage = (struct stage){ .in_run = "r" };
	send_all(fd, ROW(PROBE STATUS));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 1);
	assert_false(got.closed);
	free(got.bytes);
	act(stage, 'e');
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 2);
	assert_string_equal(got.bytes + strlen(got.bytes) + 1, "{\"parameters\":{\"calls\":1}}");
	assert_true(got.closed);
	assert_int_equal(stage->gone, 0);
	free(got.bytes);
	close(fd);
}

/* Calls whose replies the socket has no room for, while they run: none is lost. */
static void test_full_socket(void **state)
{
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;
	int fd = connect_to(f->path), calls = 0;
	struct received got;

	*stage = (struct stage){ .in_run = "e" };
	for (; calls < 2000; calls++) {
		send_all(fd, ROW(PROBE));
		pump(f);
		if (stage->said < calls - 10)
			break;
	}
	assert_true(stage->said < calls - 10); /* the last ones wait for room */
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), calls + 1);
	free(got.bytes);
	close(fd);
}

/* Who does not read is cut off: from the event loop, so that the command that says too much while
 * it runs is not left standing on nothing. */
static void test_backlog(void **state)
{
	static const char flood[] = "mmmmmmmmmmmmmmmmmmmmmmmmm"; /* MiB: over CONTROL_BACKLOG_MAX */
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;

	for (int in_run = 0; in_run <= 1; in_run++) {
		int fd = connect_to(f->path);
		struct received got;

		*stage = (struct stage){ .in_run = in_run ? flood : "" };
		send_all(fd, ROW(PROBE STATUS));
		pump(f);
		for (const char *letter = flood; !in_run && *letter; letter++)
			act(stage, *letter);
		assert_int_equal(stage->gone, in_run);
		got = talk(f, fd);
		assert_true(got.closed);
		assert_true(got.len < CONTROL_BACKLOG_MAX);
		assert_int_equal(stage->gone, 1);
		assert_int_equal(stage->status_calls, 0);
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

static void ignore_end(struct control_connection *connection, void *userdata)
{
	(void)connection;
	(void)userdata;
}

/* A run that lasts is not idle, a client that stalls is cut off, and its command hears of it. */
static void test_sweep(void **state)
{
	static const struct {
		const char *later;
		unsigned int seconds;
		bool patient;
		int gone;
	} rows[] = {
		{ "", 100 * CONTROL_IDLE_SECONDS, false, 0 },
		{ "mmm", CONTROL_STALL_SECONDS - 1, false, 0 },
		{ "mmm", CONTROL_STALL_SECONDS + 1, false, 1 },
		{ "mmm", 100 * CONTROL_STALL_SECONDS, true, 0 },
	};
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;
	struct control_commands commands = { .methods = probing_methods, .userdata = stage };
	const struct control_peer peer = { .pid = getpid() };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct control_connection *c;
		int fds[2];

		*stage = (struct stage){ .in_run = "" };
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		c = control_connection_new(f->event, fds[0], &peer, &commands, ignore_end, NULL);
		assert_non_null(c);
		send_all(fds[1], ROW(PROBE));
		pump(f);
		if (rows[i].patient)
			control_stream_be_patient(stage->stream);
		for (const char *letter = rows[i].later; *letter; letter++)
			act(stage, *letter);
		pump(f);
		assert_int_equal(control_stream_waiting(stage->stream) > 0, *rows[i].later != 0);
		control_connection_sweep(c, clock_boottime_ns() + rows[i].seconds * NS_PER_SECOND);
		assert_int_equal(stage->gone, rows[i].gone);
		if (!stage->gone)
			control_connection_free(c);
		assert_int_equal(stage->gone, 1);
		close(fds[1]);
	}
}

/* A reload in the middle changes nothing for it; a server that ends tells. */
static void test_reload_and_end(void **state)
{
	struct fixture *f = *state;
	struct stage *stage = f->config.userdata;
	char moved[sizeof(f->path) + 2];
	int fd = connect_to(f->path);
	struct received got;

	*stage = (struct stage){ .in_run = "r" };
	send_all(fd, ROW(PROBE));
	free(talk(f, fd).bytes);
	assert_true(control_has_listeners(f->control, "Probe"));
	snprintf(moved, sizeof(moved), "%s2", f->path);
	f->config.socket = moved;
	f->config.admin_group = "bin";
	assert_int_equal(reconfigure(f), 0);
	act(stage, 'r');
	got = talk(f, fd);
	assert_true(contains(&got, N(2)));
	free(got.bytes);
	assert_int_equal(stage->gone, 0);
	control_close(f->control);
	f->control = NULL;
	assert_int_equal(stage->gone, 1);
	close(fd);
}

#define PROBING(test) cmocka_unit_test_setup_teardown(test, set_up_probing, tear_down_probing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROBING(test_talks),
		PROBING(test_who_leaves),
		PROBING(test_half_closed_client_gets_the_rest),
		PROBING(test_full_socket),
		PROBING(test_backlog),
		PROBING(test_sweep),
		PROBING(test_reload_and_end),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_stream", tests, NULL, NULL);
}
