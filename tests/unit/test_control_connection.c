/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one client sees of the server, and what it may ask of it. */
#include "control_fixture.h"

#include "base/clock.h"
#include "daemon/control/control_connection.h"

#define EXPECTED_MORE "{'error':'org.varlink.service.ExpectedMore','parameters':{}}"
#define HELLO "{'parameters':{'event':'hello'},'continues':true}"

/* What a client sends, and a piece of each reply it must get. */
static const struct {
	const char *name, *bytes;
	size_t len;
	bool closed;
	const char *replies[4];
} talks[] = {
	/* clang-format off */
	{ "a call", ROW(STATUS), false, { CALLS(1) } },
	{ "pipelined, in order", ROW(STATUS EXPLAIN("'flow':'x'") STATUS), false,
	  { CALLS(1), "{'flow':'x'}", CALLS(2) } },
	{ "oneway is run and not answered", ROW(ONEWAY STATUS), false, { CALLS(2) } },
	{ "an error of a oneway call either", ROW(CALL("Nope", ",'oneway':true") STATUS), false,
	  { CALLS(1) } },
	{ "more is answered once", ROW(CALL("GetStatus", ",'more':true") STATUS), false,
	  { CALLS(1), CALLS(2) } },
	{ "a stream without more", ROW(CALL("Subscribe", "") CALL("Subscribe", ",'more':false") STATUS),
	  false, { EXPECTED_MORE, EXPECTED_MORE, CALLS(1) } },
	{ "a stream, oneway", ROW(CALL("Subscribe", ",'oneway':true") STATUS), false, { CALLS(1) } },
	{ "a stream, and what follows waits", ROW(SUBSCRIBE STATUS "hello\0"), false, { HELLO } },
	{ "a command fails", ROW(EXPLAIN("'flow':'unknown'") STATUS), false,
	  { OURS("NotFound") "no flow <unknown>','hint':'look again'}}", CALLS(1) } },
	{ "without a hint, in foreign bytes", ROW(EXPLAIN("'flow':'bytes'")), false,
	  { OURS("Failed") "file \?\?','hint':null}}" } },
	{ "without a word", ROW(EXPLAIN("'flow':'nothing'")), false, { OURS("Failed") } },
	{ "parameter missing", ROW(CALL("Explain", "") STATUS), false,
	  { INVALID("flow"), CALLS(1) } },
	{ "parameter unknown", ROW(CALL("GetStatus", WITH("'x':null"))), false, { INVALID("x") } },
	{ "parameter wrong", ROW(EXPLAIN("'flow':'x','mark':1")), false, { INVALID("mark") } },
	{ "nullable null", ROW(EXPLAIN("'flow':'x','mark':null")), false, { "{'flow':'x'}" } },
	{ "unknown method", ROW(CALL("Nope", "") STATUS), false,
	  { STANDARD("MethodNotFound", "method", "org.mssclamp.Nope"), CALLS(1) } },
	{ "described, not served", ROW(CALL("ListTunnels", "")), false,
	  { STANDARD("MethodNotImplemented", "method", "org.mssclamp.ListTunnels") } },
	{ "unknown interface", ROW("{'method':'org.example.Go'}\0"), false,
	  { STANDARD("InterfaceNotFound", "interface", "org.example") } },
	{ "introspection", ROW("{'method':'org.varlink.service.GetInfo'}\0"), false,
	  { "'interfaces':['org.varlink.service','org.mssclamp']" } },
	{ "the description", ROW(DESCRIBE), false, { "method GetStatus() -> (" } },
	{ "no JSON", ROW(STATUS "hello\0" STATUS), true, { CALLS(1), NO_CALL "byte " } },
	{ "no object", ROW("[]\0"), true, { NO_CALL } },
	{ "an empty message", ROW("\0"), true, { NO_CALL } },
	{ "a key twice", ROW("{'method':'a.B','method':'a.B'}\0"), true, { NO_CALL } },
	{ "an unknown field", ROW(CALL("GetStatus", ",'x':1")), true,
	  { OURS("InvalidArgument") "not a Varlink call: a call has no field " } },
	{ "no method", ROW("{}\0" STATUS), true, { NO_CALL "field " } },
	{ "oneway does not hide a broken call", ROW("{'oneway':true}\0"), true, { NO_CALL } },
	{ "nothing yet", ROW("{'method'"), false, { NULL } },
	/* clang-format on */
};

static void check_talk(size_t row, const struct received *got, const char *how)
{
	size_t at = 0, i;

	for (i = 0; i < COUNT(talks[row].replies) && talks[row].replies[i]; i++) {
		char *piece = unquote(talks[row].replies[i], strlen(talks[row].replies[i]));

		if (at >= got->len || !strstr(got->bytes + at, piece))
			fail_msg("%s, %s: reply %zu is %s", talks[row].name, how, i + 1,
				 at < got->len ? got->bytes + at : "missing");
		free(piece);
		at += strlen(got->bytes + at) + 1;
	}
	if (at != got->len)
		fail_msg("%s, %s: one reply too many: %s", talks[row].name, how, got->bytes + at);
	if (got->closed != talks[row].closed)
		fail_msg("%s, %s: the connection is %s", talks[row].name, how,
			 got->closed ? "closed" : "open");
}

static void test_talks(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(talks); i++) {
		int fd = connect_to(f->path);
		struct received got;

		f->status_calls = 0;
		send_all(fd, talks[i].bytes, talks[i].len);
		got = talk(f, fd);
		check_talk(i, &got, "in one piece");
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

static void test_talks_byte_by_byte(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(talks); i++) {
		int fd = connect_to(f->path);
		struct received got;

		f->status_calls = 0;
		for (size_t at = 0; at < talks[i].len; at++) {
			send_all(fd, talks[i].bytes + at, 1);
			pump(f);
		}
		got = talk(f, fd);
		check_talk(i, &got, "byte by byte");
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

static void test_half_closed_client_gets_answers(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path);
	struct received got;

	send_all(fd, ROW(STATUS STATUS));
	shutdown(fd, SHUT_WR);
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 2);
	assert_true(got.closed);
	free(got.bytes);
	close(fd);
}

static void test_unfinished_message_is_named(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path);
	struct received got;

	send_all(fd, STATUS, sizeof(STATUS) - 3);
	shutdown(fd, SHUT_WR);
	got = talk(f, fd);
	assert_true(contains(&got, "ends without a NUL byte"));
	assert_true(got.closed);
	free(got.bytes);
	close(fd);
}

static void test_calls_of_a_client_that_left(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path);

	send_all(fd, ROW(ONEWAY ONEWAY));
	close(fd);
	pump(f);
	assert_int_equal(f->status_calls, 2);

	/* An answer nobody takes: no signal, and the server lives on. */
	fd = connect_to(f->path);
	send_all(fd, ROW(STATUS STATUS));
	close(fd);
	pump(f);
	fd = connect_to(f->path);
	send_all(fd, ROW(STATUS));
	free(talk(f, fd).bytes);
	assert_true(f->status_calls >= 4);
	close(fd);
}

static void test_more_calls_than_a_turn(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path);
	struct received got;

	for (int i = 0; i < 100; i++)
		send_all(fd, ROW(STATUS));
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 100);
	free(got.bytes);

	f->status_calls = 0;
	for (int i = 0; i < 100; i++)
		send_all(fd, ROW(ONEWAY));
	pump(f);
	assert_int_equal(f->status_calls, 100);
	close(fd);
}

/* A call of exactly `len` bytes, its NUL included. */
static void send_long(struct fixture *f, int fd, size_t len)
{
	const char head[] = "{'method':'org.mssclamp.Explain','parameters':{'flow':'";
	char *call = malloc(len);

	assert_non_null(call);
	memset(call, 'x', len);
	memcpy(call, head, sizeof(head) - 1);
	memcpy(call + len - 4, "'}}", 4);
	for (size_t at = 0; at < len; at += 8192) {
		size_t left = len - at;

		send_all(fd, call + at, left < 8192 ? left : 8192);
		pump(f);
	}
	free(call);
}

static void test_longest_call(void **state)
{
	static const struct {
		size_t len;
		const char *reply;
		bool closed;
	} rows[] = {
		{ 65536, "{'parameters':{'flow':'xxx", false },
		{ 65537, NO_CALL "it has more than 65536 bytes", true },
		{ 500000, NO_CALL "it has more than 65536 bytes", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = connect_to(f->path);
		struct received got;

		send_long(f, fd, rows[i].len);
		got = talk(f, fd);
		assert_int_equal(count_messages(&got), 1);
		assert_true(contains(&got, rows[i].reply));
		assert_int_equal(got.closed, rows[i].closed);
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

static void test_large_reply_and_nothing_read_meanwhile(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path);
	struct received got;

	send_all(fd, ROW(CALL("GetStats", "") STATUS));
	pump(f);
	assert_int_equal(f->status_calls, 0);
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 2);
	assert_true(got.len > LARGE);
	assert_int_equal(f->status_calls, 1);
	free(got.bytes);
	close(fd);
}

static void on_gone(struct control_connection *connection, void *userdata)
{
	struct fixture *f = userdata;

	(void)connection;
	f->gone++;
}

/* What a client does before the sweep, and whether it is cut off so many seconds later. */
static const struct {
	const char *name, *bytes;
	size_t len;
	unsigned int seconds;
	bool cut;
} sweeps[] = {
	/* clang-format off */
	{ "silent, not yet", ROW(""), CONTROL_IDLE_SECONDS - 2, false },
	{ "silent", ROW(""), CONTROL_IDLE_SECONDS, true },
	{ "half a call is idle too", ROW("{\"method\""), CONTROL_IDLE_SECONDS + 1, true },
	{ "answered, not yet", ROW(STATUS), CONTROL_IDLE_SECONDS - 2, false },
	{ "answered, then silent", ROW(STATUS), CONTROL_IDLE_SECONDS + 1, true },
	{ "slow, not yet", ROW(CALL("GetStats", "")), CONTROL_STALL_SECONDS - 1, false },
	{ "slow", ROW(CALL("GetStats", "")), CONTROL_STALL_SECONDS + 1, true },
	{ "an open call is not idle", ROW(SUBSCRIBE), 100 * CONTROL_IDLE_SECONDS, false },
	{ "refused, not yet", ROW("hello\0"), 1, false },
	{ "refused", ROW("hello\0"), 3, true },
	/* clang-format on */
};

static void test_sweeps(void **state)
{
	struct fixture *f = *state;
	struct control_commands commands = { .methods = methods, .userdata = f };
	const struct control_peer peer = { .pid = getpid() };

	for (size_t i = 0; i < COUNT(sweeps); i++) {
		struct control_connection *c;
		int fds[2];

		print_message("%s\n", sweeps[i].name);
		f->gone = 0;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		c = control_connection_new(f->event, fds[0], &peer, &commands, on_gone, f);
		assert_non_null(c);
		send_all(fds[1], sweeps[i].bytes, sweeps[i].len);
		pump(f);
		assert_int_equal(f->gone, 0);
		control_connection_sweep(c, clock_boottime_ns() +
						    sweeps[i].seconds * NS_PER_SECOND);
		assert_int_equal(f->gone, sweeps[i].cut);
		if (!f->gone)
			control_connection_free(c);
		close(fds[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_talks),
		WITH_SERVER(test_talks_byte_by_byte),
		WITH_SERVER(test_half_closed_client_gets_answers),
		WITH_SERVER(test_unfinished_message_is_named),
		WITH_SERVER(test_calls_of_a_client_that_left),
		WITH_SERVER(test_more_calls_than_a_turn),
		WITH_SERVER(test_longest_call),
		WITH_SERVER(test_large_reply_and_nothing_read_meanwhile),
		WITHOUT_SERVER(test_sweeps),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_connection", tests, NULL, NULL);
}
