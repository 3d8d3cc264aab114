/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More clients than places: who is let in, who gives way, and whose turn it is. */
#include <poll.h>

#include "base/clock.h"
#include "control_fixture.h"

static void expect_turned_away(struct fixture *f, int fd, const char *why)
{
	struct received got = talk(f, fd);

	assert_int_equal(count_messages(&got), 1);
	assert_true(contains(&got, OURS("Failed")));
	assert_true(contains(&got, why));
	assert_true(contains(&got, "'hint':'"));
	assert_true(got.closed);
	free(got.bytes);
	close(fd);
	pump(f);
}

static void test_clients_a_uid(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_CLIENTS_A_UID_MAX];

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
		expect_served(f, fds[i]);
	}
	for (int i = 0; i < 40; i++)
		expect_turned_away(f, connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP),
				   "of your uid");
	close(fds[0]);
	pump(f);
	fds[0] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
	expect_served(f, fds[0]);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

static void test_place_for_admins(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_CLIENTS_MAX];

	for (unsigned int i = 0; i < COUNT(fds) - 1; i++) {
		fds[i] = connect_as(f->path, UID_A + i / CONTROL_CLIENTS_A_UID_MAX, GID_A,
				    CONTROL_NO_GROUP);
		expect_served(f, fds[i]);
	}
	expect_turned_away(f, connect_as(f->path, UID_A + 9, GID_A, CONTROL_NO_GROUP),
			   "but the one kept for admins");
	fds[CONTROL_CLIENTS_MAX - 1] = connect_to(f->path);
	expect_served(f, fds[CONTROL_CLIENTS_MAX - 1]);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

/* However many an admin has left open, his next one is served: the idlest of his own gives way. */
static void test_admin_is_not_locked_out(void **state)
{
	struct fixture *f = *state;
	int fds[3 * CONTROL_CLIENTS_A_UID_MAX];
	char byte;

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = connect_to(f->path);
		expect_served(f, fds[i]);
	}
	for (size_t i = 0; i < COUNT(fds); i++) {
		bool open = recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;

		assert_int_equal(open, i >= COUNT(fds) - CONTROL_CLIENTS_A_UID_MAX);
		close(fds[i]);
	}
}

static bool is_open(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Others have all the places but one, and an admin that one: the next admin still is served, by the
 * idlest of those who are none, or by one who listens; and no other admin pays for it. */
static void test_others_do_not_lock_an_admin_out(void **state)
{
	struct fixture *f = *state;
	const gid_t daemon = getgrnam("daemon")->gr_gid;
	int fds[CONTROL_CLIENTS_MAX], more[2];

	fds[0] = connect_as(f->path, UID_A + 9, GID_A, daemon);
	expect_served(f, fds[0]);
	for (unsigned int i = 1; i < COUNT(fds); i++) {
		fds[i] = connect_as(f->path, UID_A + i / CONTROL_CLIENTS_A_UID_MAX, GID_A,
				    CONTROL_NO_GROUP);
		expect_served(f, fds[i]);
		if (i == 30)
			continue;
		send_all(fds[i], ROW(SUBSCRIBE));
		free(talk(f, fds[i]).bytes);
	}
	for (size_t i = 0; i < COUNT(more); i++) {
		more[i] = connect_to(f->path);
		expect_served(f, more[i]);
		for (size_t k = 0; k < COUNT(fds); k++)
			assert_int_equal(is_open(fds[k]), k != 30 && (i == 0 || k != 1));
	}
	expect_turned_away(f, connect_as(f->path, UID_A + 8, GID_A, CONTROL_NO_GROUP),
			   "all connections are in use");
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(more[0]);
	close(more[1]);
}

/* Without taking anything from it. */
static bool is_hung_up(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLRDHUP };

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLRDHUP | POLLHUP));
}

/* Of one who takes nothing those go for whom most waits, until the rest is no more than one uid may
 * leave waiting; nobody else pays for it. */
static void test_what_waits_for_a_uid(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_BACKLOG_UID_MAX / LARGE + 4];
	int other = connect_as(f->path, UID_A + 1, GID_A, CONTROL_NO_GROUP);
	uint64_t begin_ns = clock_boottime_ns(), took_ns;
	size_t gone;

	send_all(other, ROW(CALL("GetStats", "")));
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
		send_all(fds[i], ROW(CALL("GetStats", "")));
	}
	do {
		sd_event_run(f->event, 100000);
		took_ns = clock_boottime_ns() - begin_ns;
		gone = 0;
		for (size_t i = 0; i < COUNT(fds); i++)
			gone += is_hung_up(fds[i]);
	} while (gone < 3 && took_ns < 30 * NS_PER_SECOND);
	/* Behind CONTROL_STALL_SECONDS all of them would go, for another reason. */
	assert_in_range(gone, 3, COUNT(fds) - 2);
	assert_false(is_hung_up(other));
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(other);
}

/* How many calls of others were run until this client had its first byte of an answer. */
static unsigned int calls_until_answered(struct fixture *f, int fd)
{
	char byte;

	f->status_calls = 0;
	while (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0)
		assert_true(sd_event_run(f->event, 1000000) > 0);
	return f->status_calls;
}

/* Whoever pipelines, waiting for answers or not, has one call run at a time, as the others have. */
static void test_calls_take_turns(void **state)
{
	static const char *const many[] = { ONEWAY, STATUS };
	static const size_t sizes[] = { sizeof(ONEWAY) - 1, sizeof(STATUS) - 1 };
	struct fixture *f = *state;

	for (size_t row = 0; row < COUNT(many); row++) {
		int fds[11];

		for (size_t i = 0; i < COUNT(fds); i++)
			fds[i] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
		pump(f);
		for (size_t i = 0; i < COUNT(fds) - 1; i++)
			for (int k = 0; k < 50; k++)
				send_all(fds[i], many[row], sizes[row]);
		send_all(fds[COUNT(fds) - 1], ROW(EXPLAIN("'flow':'x'")));
		assert_in_range(calls_until_answered(f, fds[COUNT(fds) - 1]), 0, 3 * COUNT(fds));
		for (size_t i = 0; i < COUNT(fds); i++)
			close(fds[i]);
		pump(f);
	}
}

/* Who comes, and an admin who has not asked much yet, come first. */
static void test_a_new_admin_comes_first(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_CLIENTS_A_UID_MAX], admin;

	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
	pump(f);
	sd_event_run(f->event, 1000000); /* 16 at once: it pauses */
	for (size_t i = 0; i < COUNT(fds); i++)
		for (int k = 0; k < 50; k++)
			send_all(fds[i], ROW(ONEWAY));
	admin = connect_to(f->path);
	send_all(admin, ROW(EXPLAIN("'flow':'x'")));
	assert_in_range(calls_until_answered(f, admin), 0, 2);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(admin);
}

/* One that asks before it reads, as real clients do, still learns why. */
static void test_turned_away_while_asking(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_CLIENTS_A_UID_MAX], fd;

	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
	pump(f);
	fd = connect_as(f->path, UID_A, GID_A, CONTROL_NO_GROUP);
	sd_event_run(f->event, 1000000); /* so many at once: it pauses */
	pump(f);
	send_all(fd, ROW(STATUS));
	expect_turned_away(f, fd, "of your uid");
	assert_int_equal(f->status_calls, 0);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

/* One that is being told what was wrong takes nobody's place. */
static void test_refused_client_is_no_client(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_CLIENTS_A_UID_MAX + 1];

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = connect_to(f->path);
		if (i > 0) {
			expect_served(f, fds[i]);
			continue;
		}
		send_all(fds[i], ROW("hello\0"));
		pump(f);
	}
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_clients_a_uid),
		WITH_SERVER(test_place_for_admins),
		WITH_SERVER(test_admin_is_not_locked_out),
		WITH_SERVER(test_others_do_not_lock_an_admin_out),
		WITH_SERVER(test_calls_take_turns),
		WITH_SERVER(test_a_new_admin_comes_first),
		WITH_SERVER(test_what_waits_for_a_uid),
		WITH_SERVER(test_turned_away_while_asking),
		WITH_SERVER(test_refused_client_is_no_client),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_places", tests, NULL, NULL);
}
