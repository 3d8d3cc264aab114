/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people complain of, and how much of it the MSS can be. */
#include <string.h>

#include "ctl/doctor/report.h"

static const char *const web[] = {
	"Small pages come, large ones hang; curl answers and the browser waits: the handshake "
	"fits, full segments do not. That is what the MSS mends.",
	"Browsers try HTTP/3 first, which is QUIC over UDP: no MSS reaches it. It needs the "
	"interface MTU to be right (MSS010 to MSS013), or path.set_route_mtu.",
	"A TLS handshake with post-quantum keys sends two full segments at once: it hangs where "
	"older ones passed.",
	"To see one path: mssclampctl probe PEER. One flow: mssclampctl explain SRC DST.",
	NULL,
};

static const char *const files[] = {
	"A directory lists and the copy stands still: full segments get lost. Slow from the first "
	"byte on, and never still, is something else: loss, delay, or the window (MSS027, MSS043).",
	"SMB and NFS over TCP obey the MSS. NFS over UDP and AFS send fragments: the MSS does "
	"nothing for them (MSS024 to MSS026).",
	"What a path carries: mssclampctl tune HOST.",
	NULL,
};

static const char *const video[] = {
	"Streams in a browser are mostly QUIC, calls are RTP: both are UDP, and no MSS reaches "
	"them. The interface MTU has to be right (MSS010 to MSS013), or path.set_route_mtu.",
	"Video that falls back to TCP obeys the MSS: it works where QUIC is blocked, which is a "
	"test.",
	"Blocks and lost pictures without a standstill are loss or delay, not size.",
	NULL,
};

static const char *const voip[] = {
	"Sound is small packets over UDP, some 200 bytes: neither the MSS nor the MTU has to do "
	"with it. Broken sound is loss, delay or jitter; one-way sound is NAT or a firewall.",
	"Calls that cannot be set up are another matter: SIP over UDP with large messages is sent "
	"in fragments, which somebody may drop (MSS024 to MSS026). SIP over TCP obeys the MSS.",
	"A download beside the call fills the queue in front of it: that is for a traffic shaper.",
	NULL,
};

static const char *const ssh[] = {
	"The connection comes about and stands still at the key exchange (ssh -v: \"expecting "
	"SSH2_MSG_KEX\"), or at the first long output: full segments get lost. That is what the "
	"MSS mends.",
	"Slow echo of single keys is delay, not size. A session that dies after minutes of silence "
	"has lost its state in a firewall or NAT: ServerAliveInterval.",
	"One flow: mssclampctl explain SRC DST:22.",
	NULL,
};

const struct doctor_symptom doctor_symptoms[] = {
	{ "web", SYMPTOM_WEB, web },	  { "files", SYMPTOM_FILES, files },
	{ "video", SYMPTOM_VIDEO, video }, { "voip", SYMPTOM_VOIP, voip },
	{ "ssh", SYMPTOM_SSH, ssh },	  { 0 },
};

const struct doctor_symptom *doctor_find_symptom(const char *name)
{
	for (const struct doctor_symptom *symptom = doctor_symptoms; symptom->name; symptom++)
		if (strcmp(symptom->name, name) == 0)
			return symptom;
	return NULL;
}
