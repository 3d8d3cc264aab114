/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/takeover.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/restart/company.h"
#include "daemon/restart/kept.h"
#include "daemon/restart/listen.h"
#include "daemon/restart/predecessor.h"

int takeover_find(struct daemon *daemon)
{
	int r = 0;

	if (daemon->takeover)
		r = predecessor_find(daemon->config->control.socket, &daemon->predecessor);
	daemon->takeover = daemon->predecessor != NULL;
	return r == 0 && daemon->takeover ? listen_prepare(daemon) : r;
}

static int ask(struct daemon *daemon)
{
	int r = predecessor_ask(daemon->predecessor, daemon->kept);

	if (r != -ECONNRESET)
		return r;
	log_notice("takeover: who listened at %s has ended without an answer: starting as usual",
		   daemon->config->control.socket);
	takeover_hang_up(daemon);
	daemon->takeover = false;
	company_wait_gone(daemon);
	return 0;
}

int takeover_begin(struct daemon *daemon)
{
	int r = ask(daemon);

	if (r == 0 && !daemon->takeover)
		return listen_alone(daemon);
	if (r == 0)
		r = kept_check(daemon->kept);
	if (r == 0)
		r = listen_open(daemon);
	if (r == 0)
		r = company_refuse_owned(daemon);
	return r == 0 ? predecessor_relieve(daemon->predecessor) : r;
}

int takeover_end(struct daemon *daemon)
{
	int r;

	if (!daemon->predecessor)
		return 0;
	r = predecessor_dismiss(daemon->predecessor);
	if (r < 0)
		return r;
	takeover_hang_up(daemon);
	control_own(daemon->control);
	return 0;
}

void takeover_give_back(struct daemon *daemon)
{
	if (!daemon->predecessor)
		return;
	if (!predecessor_goes_on(daemon->predecessor)) {
		workers_take_back(daemon->workers); /* whose thread could not be started, too */
		return;
	}
	if (daemon->control)
		control_leave_file(daemon->control);
	model_leave(daemon->model);
	if (daemon->kept)
		kept_give_back(daemon->kept);
	workers_release(daemon->workers);
}

void takeover_hang_up(struct daemon *daemon)
{
	predecessor_free(daemon->predecessor);
	daemon->predecessor = NULL;
}
