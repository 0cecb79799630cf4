//! Families, types, options and flags of sockets.

use crate::decode::set::Set;

/// Address families.
pub(in crate::decode) const FAMILY: Set = Set::choice(
    "AF_???",
    &[
        (0, "AF_UNSPEC"),
        (1, "AF_UNIX"),
        (2, "AF_INET"),
        (10, "AF_INET6"),
        (16, "AF_NETLINK"),
        (17, "AF_PACKET"),
        (29, "AF_CAN"),
        (30, "AF_TIPC"),
        (31, "AF_BLUETOOTH"),
        (38, "AF_ALG"),
        (40, "AF_VSOCK"),
        (44, "AF_XDP"),
    ],
);

/// Types of sockets, and flags beside them.
pub(in crate::decode) const SOCKET: Set = Set::mixed(
    "SOCK_???",
    0xf,
    &[
        (1, "SOCK_STREAM"),
        (2, "SOCK_DGRAM"),
        (3, "SOCK_RAW"),
        (4, "SOCK_RDM"),
        (5, "SOCK_SEQPACKET"),
        (6, "SOCK_DCCP"),
        (10, "SOCK_PACKET"),
    ],
    &[(0x8_0000, "SOCK_CLOEXEC"), (0x800, "SOCK_NONBLOCK")],
);

/// Flags of `accept4`.
pub(in crate::decode) const ACCEPT: Set = Set::flags(
    "SOCK_???",
    &[(0x8_0000, "SOCK_CLOEXEC"), (0x800, "SOCK_NONBLOCK")],
);

/// Protocols of the internet families.
pub(in crate::decode) const PROTOCOL: Set = Set::choice(
    "IPPROTO_???",
    &[
        (0, "IPPROTO_IP"),
        (1, "IPPROTO_ICMP"),
        (2, "IPPROTO_IGMP"),
        (6, "IPPROTO_TCP"),
        (17, "IPPROTO_UDP"),
        (41, "IPPROTO_IPV6"),
        (58, "IPPROTO_ICMPV6"),
        (132, "IPPROTO_SCTP"),
        (255, "IPPROTO_RAW"),
        (262, "IPPROTO_MPTCP"),
    ],
);

/// Protocols of netlink.
pub(in crate::decode) const NETLINK: Set = Set::choice(
    "NETLINK_???",
    &[
        (0, "NETLINK_ROUTE"),
        (2, "NETLINK_USERSOCK"),
        (4, "NETLINK_SOCK_DIAG"),
        (6, "NETLINK_XFRM"),
        (7, "NETLINK_SELINUX"),
        (9, "NETLINK_AUDIT"),
        (11, "NETLINK_CONNECTOR"),
        (12, "NETLINK_NETFILTER"),
        (15, "NETLINK_KOBJECT_UEVENT"),
        (16, "NETLINK_GENERIC"),
    ],
);

/// Flags of sending and receiving.
pub(in crate::decode) const MSG: Set = Set::flags(
    "MSG_???",
    &[
        (1, "MSG_OOB"),
        (2, "MSG_PEEK"),
        (4, "MSG_DONTROUTE"),
        (8, "MSG_CTRUNC"),
        (0x10, "MSG_PROBE"),
        (0x20, "MSG_TRUNC"),
        (0x40, "MSG_DONTWAIT"),
        (0x80, "MSG_EOR"),
        (0x100, "MSG_WAITALL"),
        (0x200, "MSG_FIN"),
        (0x400, "MSG_SYN"),
        (0x800, "MSG_CONFIRM"),
        (0x1000, "MSG_RST"),
        (0x2000, "MSG_ERRQUEUE"),
        (0x4000, "MSG_NOSIGNAL"),
        (0x8000, "MSG_MORE"),
        (0x1_0000, "MSG_WAITFORONE"),
        (0x4_0000, "MSG_BATCH"),
        (0x400_0000, "MSG_ZEROCOPY"),
        (0x2000_0000, "MSG_FASTOPEN"),
        (0x4000_0000, "MSG_CMSG_CLOEXEC"),
    ],
);

/// What `shutdown` ends.
pub(in crate::decode) const SHUTDOWN: Set = Set::choice(
    "SHUT_???",
    &[(0, "SHUT_RD"), (1, "SHUT_WR"), (2, "SHUT_RDWR")],
);

/// Levels of options.
pub(in crate::decode) const LEVEL: Set = Set::choice(
    "SOL_??",
    &[
        (0, "SOL_IP"),
        (1, "SOL_SOCKET"),
        (6, "SOL_TCP"),
        (17, "SOL_UDP"),
        (41, "SOL_IPV6"),
        (58, "SOL_ICMPV6"),
        (132, "SOL_SCTP"),
        (255, "SOL_RAW"),
        (263, "SOL_PACKET"),
        (270, "SOL_NETLINK"),
    ],
);

/// Options of `SOL_SOCKET`.
pub(in crate::decode) const SOCKET_OPTION: Set = Set::choice(
    "SO_???",
    &[
        (1, "SO_DEBUG"),
        (2, "SO_REUSEADDR"),
        (3, "SO_TYPE"),
        (4, "SO_ERROR"),
        (5, "SO_DONTROUTE"),
        (6, "SO_BROADCAST"),
        (7, "SO_SNDBUF"),
        (8, "SO_RCVBUF"),
        (9, "SO_KEEPALIVE"),
        (10, "SO_OOBINLINE"),
        (12, "SO_PRIORITY"),
        (13, "SO_LINGER"),
        (15, "SO_REUSEPORT"),
        (16, "SO_PASSCRED"),
        (17, "SO_PEERCRED"),
        (18, "SO_RCVLOWAT"),
        (20, "SO_RCVTIMEO_OLD"),
        (21, "SO_SNDTIMEO_OLD"),
        (25, "SO_BINDTODEVICE"),
        (26, "SO_ATTACH_FILTER"),
        (28, "SO_PEERNAME"),
        (29, "SO_TIMESTAMP_OLD"),
        (30, "SO_ACCEPTCONN"),
        (32, "SO_SNDBUFFORCE"),
        (33, "SO_RCVBUFFORCE"),
        (36, "SO_MARK"),
        (38, "SO_PROTOCOL"),
        (39, "SO_DOMAIN"),
        (46, "SO_BUSY_POLL"),
        (50, "SO_ATTACH_BPF"),
        (60, "SO_ZEROCOPY"),
    ],
);

/// Options of TCP.
pub(in crate::decode) const TCP_OPTION: Set = Set::choice(
    "TCP_???",
    &[
        (1, "TCP_NODELAY"),
        (2, "TCP_MAXSEG"),
        (3, "TCP_CORK"),
        (4, "TCP_KEEPIDLE"),
        (5, "TCP_KEEPINTVL"),
        (6, "TCP_KEEPCNT"),
        (7, "TCP_SYNCNT"),
        (8, "TCP_LINGER2"),
        (9, "TCP_DEFER_ACCEPT"),
        (10, "TCP_WINDOW_CLAMP"),
        (11, "TCP_INFO"),
        (12, "TCP_QUICKACK"),
        (13, "TCP_CONGESTION"),
        (18, "TCP_USER_TIMEOUT"),
        (23, "TCP_FASTOPEN"),
        (25, "TCP_NOTSENT_LOWAT"),
    ],
);

/// Options of IPv6.
pub(in crate::decode) const IPV6_OPTION: Set = Set::choice(
    "IPV6_???",
    &[
        (16, "IPV6_UNICAST_HOPS"),
        (17, "IPV6_MULTICAST_IF"),
        (18, "IPV6_MULTICAST_HOPS"),
        (19, "IPV6_MULTICAST_LOOP"),
        (20, "IPV6_JOIN_GROUP"),
        (25, "IPV6_RECVERR"),
        (26, "IPV6_V6ONLY"),
        (49, "IPV6_RECVPKTINFO"),
        (67, "IPV6_TCLASS"),
    ],
);
