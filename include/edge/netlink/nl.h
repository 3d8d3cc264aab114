/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket for questions and one for events. A dump that the kernel interrupts is asked
 * again; events that were lost are told, so that the owner asks for everything anew. */
#pragma once

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl;

/* protocol  NETLINK_ROUTE, NETLINK_NETFILTER, ...; groups: the old 32-bit group mask, 0 for none
 * Returns 0 and the owned socket, or -errno. */
int nl_open(int protocol, uint32_t groups, struct nl **ret_nl);
void nl_close(struct nl *nl);
int nl_fd(const struct nl *nl);
/* From now on nothing that was received stays in memory of ours: the buffer is zeroed when a
 * question or a reading of events ends, however it ends. For answers that carry keys. */
void nl_wipe(struct nl *nl);
/* Joins one numbered group (RTNLGRP_*, NFNLGRP_*). Returns 0 or -errno. */
int nl_join(struct nl *nl, unsigned int group);

/* What is changed over the other socket is from now on no event of this one: the kernel leaves out
 * what names that socket as its cause. Ten thousand routes of our own would not fit into its queue.
 * Returns 0 or -errno. */
int nl_ignore(struct nl *nl, const struct nl *other);

/* One message of an answer or an event: return 0 to go on, -errno to stop. The message is complete
 * and its length is inside the buffer; its attributes are not checked. */
typedef int (*nl_message_fn)(const struct nlmsghdr *message, void *userdata);

/* Sends a dump request (NLM_F_DUMP is added, the sequence number set) and hands over each answer.
 * An interrupted dump (NLM_F_DUMP_INTR) is asked again, up to 5 times: restart, where given, is
 * called before each new round to forget what the last one gave. The socket must have no groups.
 * Returns 0, what message returned, or -errno (-EINTR: interrupted each time;
 * -ETIMEDOUT: silent for 5 seconds). */
int nl_dump(struct nl *nl, struct nlmsghdr *request, nl_message_fn message,
	    void (*restart)(void *userdata), void *userdata);

/* One request with one answer or an acknowledgement; message may be NULL. Returns 0, what message
 * returned, or -errno of the kernel's answer or of the socket (-ETIMEDOUT as above). */
int nl_ask(struct nl *nl, struct nlmsghdr *request, nl_message_fn message, void *userdata);

#define NL_BATCH_MAX 64 /* more answers at a time might not fit into a socket's buffer */

/* What one request of a batch brought: message is NULL where error is not 0 (-errno of the kernel),
 * or where the kernel only acknowledged it. */
typedef void (*nl_reply_fn)(size_t place, const struct nlmsghdr *message, int error,
			    void *userdata);

/* Sends up to NL_BATCH_MAX requests of one answer each, all at once, and hands over the answers in
 * the order they come, each once with its request's place. A refusal concerns one request alone.
 * requests  one behind the other, len bytes in all, each padded to a multiple of 4; none may ask
 *           for a dump, nor for an acknowledgement where it has an answer. Sequence numbers are
 *           set
 * Returns 0, or -errno of the socket (-ENOBUFS, -ETIMEDOUT as above): the rest had no answer. */
int nl_ask_batch(struct nl *nl, void *requests, size_t len, nl_reply_fn reply, void *userdata);

/* Reads what is there without blocking. Returns 0; -ENOBUFS where events were lost (ask for all
 * anew); -errno otherwise. Malformed messages are skipped and counted. */
int nl_read_events(struct nl *nl, nl_message_fn message, void *userdata);
uint64_t nl_malformed_total(const struct nl *nl);
