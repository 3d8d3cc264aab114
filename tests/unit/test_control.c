/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many clients: who may do what, who hears what, and what a new configuration changes. */
#include "control_fixture.h"

#include "base/clock.h"

static void test_permission(void **state)
{
	struct fixture *f = *state;
	const gid_t daemon = getgrnam("daemon")->gr_gid;
	const struct {
		uid_t uid;
		gid_t gid, extra;
		bool allowed;
	} rows[] = {
		{ 0, 0, CONTROL_NO_GROUP, true },
		{ UID_A, GID_A, CONTROL_NO_GROUP, false },
		{ UID_A, GID_A, GID_A + 1, false },
		{ UID_A, daemon, CONTROL_NO_GROUP, true },
		{ UID_A, GID_A, daemon, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = connect_as(f->path, rows[i].uid, rows[i].gid, rows[i].extra);
		struct received got;

		f->reloads = f->status_calls = 0;
		send_all(fd, ROW(CALL("Reload", "") STATUS));
		got = talk(f, fd);
		assert_int_equal(count_messages(&got), 2);
		assert_int_equal(f->reloads, rows[i].allowed);
		assert_int_equal(f->status_calls, 1);
		if (!rows[i].allowed)
			assert_true(contains(&got, "org.mssclamp.PermissionDenied"));
		free(got.bytes);
		close(fd);
		pump(f);
	}
}

/* Wired to the clock: a refused client that does not leave is out after two sweeps. */
static void test_sweep_runs(void **state)
{
	struct fixture *f = *state;
	uint64_t end = clock_boottime_ns() + 6 * NS_PER_SECOND;
	int fd = connect_to(f->path);
	bool out = false;

	send_all(fd, ROW("hello\0"));
	while (!out && clock_boottime_ns() < end) {
		sd_event_run(f->event, 100000);
		out = send(fd, "x", 1, MSG_NOSIGNAL) < 0;
	}
	assert_true(out);
	close(fd);
}

static void test_socket_of_systemd(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = address_of(f->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
	struct stat left;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	f->config.listen_fd = fd;
	f->config.socket = "/nonexistent/overridden";
	assert_int_equal(control_open(f->event, &f->config, &f->control), -EINVAL);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
	client = connect_to(f->path);
	expect_served(f, client);
	f->config.socket = "/nonexistent/elsewhere";
	assert_int_equal(reconfigure(f), 0);
	expect_served(f, client);
	close(client);
	control_close(f->control);
	f->control = NULL;
	assert_int_equal(lstat(f->path, &left), 0);
	assert_int_equal(unlink(f->path), 0);
}

static void test_reconfigure(void **state)
{
	struct fixture *f = *state;
	int old = connect_to(f->path), fresh;
	char moved[sizeof(f->path) + 2];
	struct stat gone;

	expect_served(f, old);
	f->config.socket = f->directory;
	assert_int_equal(reconfigure(f), -EEXIST);
	fresh = connect_to(f->path);
	expect_served(f, fresh);
	close(fresh);

	snprintf(moved, sizeof(moved), "%s2", f->path);
	f->config.socket = moved;
	assert_int_equal(reconfigure(f), 0);
	assert_int_equal(lstat(f->path, &gone), -1);
	fresh = connect_to(moved);
	expect_served(f, fresh);
	expect_served(f, old);
	close(fresh);
	close(old);
}

static void test_admin_group_changes(void **state)
{
	struct fixture *f = *state;
	const gid_t daemon = getgrnam("daemon")->gr_gid;
	struct received got;
	int fd;

	f->config.admin_group = "bin";
	assert_int_equal(reconfigure(f), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	fd = connect_as(f->path, UID_A, GID_A, daemon);
	send_all(fd, ROW(CALL("Reload", "")));
	got = talk(f, fd);
	assert_true(contains(&got, "members of group \\'bin\\'"));
	assert_int_equal(f->reloads, 0);
	free(got.bytes);
	close(fd);
}

static void publish(struct fixture *f, int number)
{
	control_publish(f->control, "Subscribe", json_pack("{s:i}", "number", number));
}

static void expect_got(struct fixture *f, int fd, const char *quoted, size_t len)
{
	char *bytes = unquote(quoted, len);
	struct received got = talk(f, fd);

	assert_int_equal(got.len, len);
	if (len > 0)
		assert_memory_equal(got.bytes, bytes, len);
	assert_false(got.closed);
	free(got.bytes);
	free(bytes);
}

#define HELLO "{'parameters':{'event':'hello'},'continues':true}\0"
#define NUMBER(n) "{'parameters':{'number':" #n "},'continues':true}\0"

static bool has_listeners(const struct fixture *f)
{
	return control_has_listeners(f->control, "Subscribe");
}

static void test_every_listener_gets_it(void **state)
{
	struct fixture *f = *state;
	int first = connect_to(f->path), other = connect_to(f->path);
	int second = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);

	publish(f, 0);
	send_all(first, ROW(SUBSCRIBE));
	expect_got(f, first, ROW(HELLO));
	expect_got(f, other, ROW(""));
	publish(f, 1);
	send_all(second, ROW(SUBSCRIBE));
	expect_got(f, second, ROW(HELLO));
	publish(f, 2);
	publish(f, 3);
	expect_got(f, first, ROW(NUMBER(1) NUMBER(2) NUMBER(3)));
	expect_got(f, second, ROW(NUMBER(2) NUMBER(3)));
	expect_served(f, other);
	close(first);
	pump(f);
	publish(f, 4);
	expect_got(f, second, ROW(NUMBER(4)));
	close(second);
	pump(f);
	publish(f, 5);
	expect_got(f, other, ROW(""));
	close(other);
}

/* What a client does with a call that is open, and whether it is still there for us. */
static void test_who_listens(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		int how; /* of SUBSCRIBE_* */
		int shut; /* what shutdown(2) gets, below 0: nothing */
		bool listens;
	} rows[] = {
		/* clang-format off */
		{ "greeted", ROW(SUBSCRIBE), SUBSCRIBE_GREET, -1, true },
		{ "not greeted", ROW(SUBSCRIBE), SUBSCRIBE_SILENTLY, -1, true },
		{ "refused", ROW(SUBSCRIBE), SUBSCRIBE_REFUSE, -1, false },
		{ "without more", ROW(CALL("Subscribe", "")), SUBSCRIBE_GREET, -1, false },
		{ "another method", ROW(CALL("GetStatus", ",'more':true")), SUBSCRIBE_GREET, -1, false },
		{ "says nothing more", ROW(SUBSCRIBE), SUBSCRIBE_GREET, SHUT_WR, true },
		{ "said more, and nothing more", ROW(SUBSCRIBE STATUS), SUBSCRIBE_GREET, SHUT_WR, true },
		{ "gone", ROW(SUBSCRIBE), SUBSCRIBE_GREET, SHUT_RDWR, false },
		{ "gone, with calls left", ROW(SUBSCRIBE STATUS "{"), SUBSCRIBE_GREET, SHUT_RDWR, false },
		{ "gone, not greeted", ROW(SUBSCRIBE), SUBSCRIBE_SILENTLY, SHUT_RDWR, false },
		/* clang-format on */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = connect_to(f->path);
		struct received got;

		print_message("%s\n", rows[i].name);
		f->subscribe = (unsigned int)rows[i].how;
		f->status_calls = 0;
		send_all(fd, rows[i].bytes, rows[i].len);
		free(talk(f, fd).bytes);
		if (rows[i].shut >= 0)
			assert_int_equal(shutdown(fd, rows[i].shut), 0);
		pump(f);
		assert_int_equal(has_listeners(f), rows[i].listens);
		publish(f, 7);
		got = talk(f, fd);
		assert_int_equal(contains(&got, "'number':7"), rows[i].listens);
		assert_int_equal(f->status_calls, strstr(rows[i].name, "another") != NULL);
		free(got.bytes);
		close(fd);
		pump(f);
		assert_false(has_listeners(f));
	}
}

/* Much behind an open call is left with the kernel, and costs the server no work. */
static void test_talkative_listener(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->path), turns = 0;
	char blanks[4096];

	memset(blanks, ' ', sizeof(blanks));
	send_all(fd, ROW(SUBSCRIBE));
	expect_got(f, fd, ROW(HELLO));
	while (send(fd, blanks, sizeof(blanks), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		pump(f);
	while (sd_event_run(f->event, 0) > 0)
		turns++;
	assert_int_equal(turns, 0);
	publish(f, 1);
	expect_got(f, fd, ROW(NUMBER(1)));
	close(fd);
	pump(f);
	assert_false(has_listeners(f));
}

static void publish_large(struct fixture *f, size_t len)
{
	char *text = calloc(1, len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	control_publish(f->control, "Subscribe", json_pack("{s:s}", "text", text));
	free(text);
}

/* Who reads gets what others are cut off for: nobody waits for the slow. */
static void test_slow_listener(void **state)
{
	struct fixture *f = *state;
	int slow = connect_to(f->path), quick = connect_to(f->path);
	struct received got;
	size_t sent = 0;

	send_all(slow, ROW(SUBSCRIBE));
	send_all(quick, ROW(SUBSCRIBE));
	expect_got(f, quick, ROW(HELLO));
	for (; sent < 2 * CONTROL_BACKLOG_MAX; sent += LARGE / 4) {
		publish_large(f, LARGE / 4);
		got = talk(f, quick);
		assert_int_equal(count_messages(&got), 1);
		assert_true(got.len > LARGE / 4);
		free(got.bytes);
	}
	got = talk(f, slow);
	assert_true(got.closed);
	assert_true(got.len < CONTROL_BACKLOG_MAX);
	free(got.bytes);
	assert_true(has_listeners(f));
	close(slow);
	close(quick);
}

/* What is added to a stalled client does not keep it. */
static void test_stalled_listener(void **state)
{
	struct fixture *f = *state;
	uint64_t start = clock_boottime_ns(), took;
	int fd = connect_to(f->path);

	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	publish_large(f, LARGE);
	while (has_listeners(f) && clock_boottime_ns() < start + 20 * NS_PER_SECOND) {
		sd_event_run(f->event, 100000);
		publish(f, 1);
	}
	took = clock_boottime_ns() - start;
	assert_true(took >= CONTROL_STALL_SECONDS * NS_PER_SECOND);
	assert_true(took < (CONTROL_STALL_SECONDS + 3) * NS_PER_SECOND);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_permission),
		WITH_SERVER(test_sweep_runs),
		WITHOUT_SERVER(test_socket_of_systemd),
		WITH_SERVER(test_reconfigure),
		WITH_SERVER(test_admin_group_changes),
		WITH_SERVER(test_every_listener_gets_it),
		WITH_SERVER(test_who_listens),
		WITH_SERVER(test_talkative_listener),
		WITH_SERVER(test_slow_listener),
		WITH_SERVER(test_stalled_listener),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
