/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helpers' own side: each gives up what it does not need, then serves one socket until it is
 * closed at the other end. */
#pragma once

/* Runs iptables' programs: with CAP_NET_ADMIN, and CAP_NET_RAW where there was one
 * (iptables-legacy); nothing that it starts may write files, load modules or trace processes. */
void helper_serve_iptables(int fd);

/* Starts mssclamp-facts, one at a time. Keeps what that needs before it gives most of it up. */
void helper_serve_facts(int fd);
