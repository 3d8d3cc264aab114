/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/patience.h"
#include "base/remedy.h"
#include "daemon/helper/helper_serve.h"
#include "daemon/helper/helper_wire.h"

/* A run is given up before that. */
#define PATIENCE_NS (IPTABLES_TIMEOUT_MS * NS_PER_MS + 5 * NS_PER_SECOND)
#define CALL_PATIENCE_NS (8 * NS_PER_SECOND) /* less than the watchdog's */
#define START_PATIENCE_NS (2 * NS_PER_SECOND) /* it takes some milliseconds */

/* Tools that look for mssclampd by name shall find that alone. */
static void set_title(char **title, const char *name)
{
	const size_t room = strlen(title[0]);

	prctl(PR_SET_NAME, name, 0, 0, 0);
	for (size_t i = 0; title[i]; i++)
		memset(title[i], 0, strlen(title[i]));
	strncpy(title[0], name, room);
}

static void run_child(int fd, const char *name, char **title, void (*serve)(int fd))
{
	set_title(title, name);
	patience_tell(NULL, NULL); /* systemd listens to the main process alone */
	if (fd != STDERR_FILENO + 1) {
		if (dup3(fd, STDERR_FILENO + 1, O_CLOEXEC) < 0)
			_exit(EXIT_FAILURE);
		fd = STDERR_FILENO + 1;
	}
	(void)close_range(STDERR_FILENO + 2, ~0u, 0);
	serve(fd);
	_exit(EXIT_SUCCESS);
}

/* For each call from now on. Returns 0 or -errno. */
static int set_patience(int fd)
{
	const struct timeval patience = { .tv_sec = CALL_PATIENCE_NS / NS_PER_SECOND };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	return 0;
}

/* Returns the owned socket to it, or -1. */
static int fork_helper(const char *name, char **title, void (*serve)(int fd))
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error(-errno, "%s: cannot be started", name);
		return -1;
	}
	child = fork();
	if (child == 0)
		run_child(pair[1], name, title, serve);
	close(pair[1]);
	if (child > 0 && set_patience(pair[0]) == 0)
		return pair[0];
	log_error(-errno, "%s: cannot be started", name);
	close(pair[0]);
	return -1;
}

static bool has_ended(int fd)
{
	return fd >= 0 && helper_has_hung_up(fd, 0);
}

/* Where that fails it is tried again. */
static void make_spare(struct helper *helper)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	if (set_patience(pair[0]) == 0 && helper_send_fd(helper->fd, HELPER_DOUBLE, pair[1]) == 0)
		helper->spare = pair[0];
	else
		close(pair[0]);
	close(pair[1]);
}

/* Returns whether there is one that has not ended. */
static bool tend(struct helper *helper)
{
	if (has_ended(helper->spare))
		fd_close(&helper->spare);
	if (has_ended(helper->fd)) {
		fd_close(&helper->fd);
		helper->fd = helper->spare;
		helper->spare = -1;
		if (helper->fd >= 0)
			log_warning("%s: the process that starts programs for mssclampd has ended "
				    "(killed?), its double takes its place", helper->name);
		else
			log_print(LOG_ERR, "%s: the process that starts programs for mssclampd "
					   "has ended (killed?), and so has its double; "
					   REMEDY_RESTART, helper->name);
	}
	if (helper->fd >= 0 && helper->spare < 0)
		make_spare(helper);
	return helper->fd >= 0;
}

static void start(struct helper *helper, const char *name, char **title, void (*serve)(int fd))
{
	helper->name = name;
	helper->fd = fork_helper(name, title, serve);
	if (helper->fd >= 0)
		make_spare(helper);
}

void helpers_start(struct helpers *helpers, bool iptables, char **title)
{
	*helpers = HELPERS_NONE;
	if (iptables)
		start(&helpers->iptables, "clamp-iptables", title, helper_serve_iptables);
	if (geteuid() == 0)
		start(&helpers->facts, "clamp-facts", title, helper_serve_facts);
}

void helpers_tend(struct helpers *helpers)
{
	tend(&helpers->iptables);
	tend(&helpers->facts);
}

bool helper_is_lost(const struct helper *helper)
{
	return helper->name && helper->fd < 0;
}

static void stop(struct helper *helper)
{
	fd_close(&helper->fd);
	fd_close(&helper->spare);
}

void helpers_close(struct helpers *helpers)
{
	stop(&helpers->iptables);
	stop(&helpers->facts);
}

static int ask(int fd, const struct iptables_request *request, const char *input)
{
	const struct helper_question question = {
		.request = *request,
		.len = input ? (uint32_t)strlen(input) : 0,
	};
	int r = helper_send(fd, &question, sizeof(question));

	return r == 0 && question.len ? helper_send(fd, input, question.len) : r;
}

/* Until the answer begins. Returns 0, -ETIME or -ECANCELED. */
static int await_answer(int fd, uint64_t until_ns)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };

	while (clock_monotonic_ns() < until_ns) {
		int r = patience_pass();

		if (r < 0)
			return r;
		if (poll(&answer, 1, PATIENCE_PASS_MS) != 0) /* reading tells what is wrong */
			return 0;
	}
	return -ETIME;
}

/* *ret_result: what was told, or -errno that was. Returns 0, or -errno of the exchange. */
static int hear(int fd, struct child_result *ret_told, int *ret_result)
{
	struct child_result result = { 0 };
	struct helper_answer answer;
	int r = helper_receive(fd, &answer, sizeof(answer));

	if (r <= 0)
		return r < 0 ? r : -EPIPE;
	if (answer.output_len > CHILD_OUTPUT_MAX || answer.errors_len > CHILD_OUTPUT_MAX)
		return -EMSGSIZE;
	r = helper_receive_text(fd, answer.output_len, &result.output);
	if (r == 0 || r == -ENOMEM) {
		*ret_result = r;
		r = helper_receive_text(fd, answer.errors_len, &result.errors);
	}
	if (r < 0 && r != -ENOMEM) {
		child_result_done(&result);
		return r;
	}
	result.status = answer.status;
	*ret_result = *ret_result < 0 ? *ret_result : r < 0 ? r : answer.result;
	if (*ret_result == 0)
		*ret_told = result;
	else
		child_result_done(&result);
	return 0;
}

/* Gives the helper one end of a socket, for one question. Returns 0 and our owned end, or -errno:
 * -EPIPE where there is no helper. */
static int open_question(struct helper *helper, int *ret_fd)
{
	int pair[2], r;

	if (!tend(helper))
		return -EPIPE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = set_patience(pair[0]);
	if (r == 0)
		r = helper_send_fd(helper->fd, HELPER_ANSWER, pair[1]);
	close(pair[1]);
	if (r == 0) {
		*ret_fd = pair[0];
		return 0;
	}
	close(pair[0]);
	if (r == -EPIPE) /* just now: the next question has the double */
		return -ECONNRESET;
	return r == -ETIME ? -EAGAIN : r; /* no run has begun that could hang */
}

/* Whoever breaks it off, nobody else's answer is taken for this one's. */
int helpers_run_iptables(void *userdata, const struct iptables_request *request,
			 const char *input, struct child_result *ret_result)
{
	const uint64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
	struct helpers *helpers = userdata;
	int fd = -1, result = 0, r = open_question(&helpers->iptables, &fd);

	if (r < 0)
		return r;
	r = ask(fd, request, input);
	if (r == 0)
		r = await_answer(fd, until_ns);
	if (r == 0)
		r = hear(fd, ret_result, &result);
	close(fd);
	if (r == -EPIPE)
		return -ECONNRESET;
	if (r == -ETIME && clock_monotonic_ns() < until_ns)
		return -EAGAIN; /* that was no time at all */
	return r < 0 ? r : result;
}

int helpers_start_facts(void *userdata, int *ret_fd)
{
	const uint64_t until_ns = clock_monotonic_ns() + START_PATIENCE_NS;
	struct helpers *helpers = userdata;
	int fd = -1, started = -1, r = open_question(&helpers->facts, &fd);
	int32_t result = 0;

	if (r < 0)
		return r;
	r = await_answer(fd, until_ns);
	if (r == 0)
		r = helper_receive_fd(fd, &result, &started);
	close(fd);
	if (r < 0)
		return r == -EPIPE ? -ECONNRESET : r;
	if (result < 0 || started < 0)
		return result < 0 ? result : -EPIPE;
	*ret_fd = started;
	return 0;
}
