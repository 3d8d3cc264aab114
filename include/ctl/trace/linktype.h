/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the IP packet starts in a captured frame, by the file's link type
 * (https://www.tcpdump.org/linktypes.html). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of a link type without its LINKTYPE_ prefix: "ETHERNET"; NULL where we know none. */
const char *linktype_name(uint32_t link_type);

/* Whether linktype_find_ip knows how such frames are made: 1, 12, 14, 101, 113, 228, 229, 276. */
bool linktype_is_supported(uint32_t link_type);

/* The supported link types for an error text: "1 (ETHERNET), ...". */
void linktype_list_supported(char *text, size_t size);

/* Finds the IP packet in a frame behind any number of VLAN tags (0x8100, 0x88a8, 0x9100).
 * frame, len   what was captured of it
 * ret_offset   bytes from the frame's start to the IP packet, which may be empty; written only
 *              when it returns true
 * Returns false where the frame carries something else, says one IP version and holds another, or
 * is too short to tell. */
bool linktype_find_ip(uint32_t link_type, const uint8_t *frame, size_t len, size_t *ret_offset);
