/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runs of iptables' programs, each in a process of its own, so that whatever becomes of one the
 * next one finds everything as it should be. */
#pragma once

/* Receives sockets by `fd`, each with one question, and has them answered one after the other;
 * until the other end of fd is closed. Who has hung up gets no run, and the run that he asked for
 * is ended. */
void helper_run_all(int fd);
