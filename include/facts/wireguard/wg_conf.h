/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for people in the configuration files of wg-quick: a comment "# friendly_name = alice"
 * inside a [Peer] section, as exporters and panels write it. Pure. */
#pragma once

#include <stddef.h>

#include "proto/facts.h"

/* Appends a name for each peer that has a public key and a friendly name; names points to the
 * RECORD_LIST(struct facts_name). Values of PrivateKey and PresharedKey are stepped over unread;
 * who read the file wipes the text. Returns 0 or -ENOMEM. What is no configuration has no
 * names. */
int wg_conf_parse(const char *text, size_t len, void *names);
