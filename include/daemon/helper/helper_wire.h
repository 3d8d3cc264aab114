/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between mssclampd and its helpers, both ends of one program. Blocking, for as long as
 * the socket is set to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edge/firewall/iptables_tool.h"

/* What a helper's own socket brings: this number, and a socket beside it. */
enum helper_wish {
	HELPER_ANSWER, /* what is asked on that socket; what is answered late comes to nobody */
	HELPER_DOUBLE, /* be two: the second one serves that socket as the first one does its own */
};

/* Asked of the one for iptables: this, then `len` bytes of input. The one for mssclamp-facts is
 * asked nothing, and answers by helper_send_fd. */
struct helper_question {
	struct iptables_request request;
	uint32_t len;
};

/* Its answer: this, then both texts. */
struct helper_answer {
	int32_t result; /* 0 or -errno */
	int32_t status;
	uint32_t output_len, errors_len;
};

/* All of it, or 0 at a clean end before the first byte. Returns 1, 0, or -errno (-EPIPE: cut). */
int helper_receive(int fd, void *bytes, size_t len);
/* Returns 0 or -errno (-ETIME: it takes too long). */
int helper_send(int fd, const void *bytes, size_t len);
/* len bytes and a NUL: owned. Returns 0, or -errno: -ENOMEM with all of it read. */
int helper_receive_text(int fd, size_t len, char **ret_text);

/* For a helper: waits for the next socket to answer on, owned. Doubles itself where that is wished:
 * the double goes on in here, with *fd its own. Returns false once the other end is closed. */
bool helper_next(int *fd, int *ret_question_fd);

/* Whether the other end is closed: of a question, nobody waits for the answer any more. Looks for
 * that long, also where something comes. */
bool helper_has_hung_up(int fd, int patience_ms);

/* One number, with a descriptor beside it (-1: none; received: owned). Returns 0 or -errno. */
int helper_send_fd(int socket, int32_t result, int fd);
int helper_receive_fd(int socket, int32_t *ret_result, int *ret_fd);
