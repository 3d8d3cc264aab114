/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/helper/helper_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/helper/helper_wire.h"

#define KILLED_LOOKS 3000 /* a millisecond between two: what is killed has ended long before */

/* Where that fails the end of the socket tells as much. */
static void answer(int fd, int result, const struct child_result *of)
{
	struct helper_answer answer = { .result = result, .status = of->status };
	int r;

	answer.output_len = of->output ? (uint32_t)strlen(of->output) : 0;
	answer.errors_len = of->errors ? (uint32_t)strlen(of->errors) : 0;
	r = helper_send(fd, &answer, sizeof(answer));
	if (r == 0 && answer.output_len)
		r = helper_send(fd, of->output, answer.output_len);
	if (r == 0 && answer.errors_len)
		helper_send(fd, of->errors, answer.errors_len);
}

/* What does not fit the form is not even run. */
static void serve_one(int fd, const struct helper_question *question)
{
	struct child_result result = { 0 };
	char *input = NULL;
	int r;

	if (question->len > IPTABLES_INPUT_MAX)
		return;
	r = helper_receive_text(fd, question->len, &input);
	if (r < 0) {
		if (r == -ENOMEM)
			answer(fd, r, &result);
		return;
	}
	if (question->request.action != IPTABLES_SAVE &&
	    (strlen(input) != question->len || !iptables_input_is_ours(input)))
		r = -EINVAL;
	else
		r = iptables_tool_run(&question->request, input, &result);
	if (r == -EINVAL)
		log_print(LOG_ERR, "iptables: what was to be restored has a form that mssclampd "
				   "does not write; it was not run");
	answer(fd, r, &result);
	child_result_done(&result);
	free(input);
}

/* The run's own process, which leads a group of those that it starts. */
static _Noreturn void run(int fd, int question_fd)
{
	struct helper_question question;

	setpgid(0, 0);
	prctl(PR_SET_NAME, "clamp-run", 0, 0, 0);
	close(fd);
	if (helper_receive(question_fd, &question, sizeof(question)) == 1)
		serve_one(question_fd, &question);
	_exit(EXIT_SUCCESS);
}

/* Where nobody is left who would hear of it, it is ended: what it has begun must not come behind
 * what is asked next. */
static void wait_for(pid_t child, int question_fd)
{
	bool ended = false;
	pid_t r;

	while ((r = waitpid(child, NULL, ended ? 0 : WNOHANG)) != child) {
		if (r < 0 && errno != EINTR)
			return;
		if (!ended && helper_has_hung_up(question_fd, 1)) {
			kill(-child, SIGKILL);
			ended = true;
		}
	}
}

/* Whether there is still something of a run whose own process has ended. */
static bool is_left(pid_t group)
{
	while (waitpid(-group, NULL, WNOHANG) > 0)
		continue;
	return kill(-group, SIGKILL) == 0;
}

/* A run, with all that it started: returns its group where the kernel does not let go of that, else
 * 0. */
static pid_t answer_in_child(int fd, int question_fd)
{
	pid_t child;

	/* What a run leaves is ours to reap; a double does not inherit that. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	child = fork();
	if (child == 0)
		run(fd, question_fd);
	if (child < 0) {
		log_error(-errno, "iptables: no process can be started for it");
		return 0;
	}
	setpgid(child, child); /* whichever of us is first */
	wait_for(child, question_fd);
	for (int i = 0; i < KILLED_LOOKS; i++) {
		if (!is_left(child))
			return 0;
		poll(NULL, 0, 1);
	}
	return child;
}

void helper_run_all(int fd)
{
	const struct child_result nothing = { 0 };
	pid_t left_behind = 0;
	int question_fd;

	while (helper_next(&fd, &question_fd)) {
		if (left_behind && is_left(left_behind)) /* a second one would get stuck too */
			answer(question_fd, -EALREADY, &nothing);
		else if (!helper_has_hung_up(question_fd, 0)) /* else it came too late */
			left_behind = answer_in_child(fd, question_fd);
		close(question_fd);
	}
}
