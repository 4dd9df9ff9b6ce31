"""The IRC service that Twisted has in itself, letting everybody in: ``words.py PORT``."""

from __future__ import annotations

import sys

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.portal import Portal
from twisted.internet import endpoints, reactor
from twisted.internet.defer import Deferred, succeed
from twisted.words.service import InMemoryWordsRealm, IRCFactory
from zope.interface import implementer


@implementer(ICredentialsChecker)
class Anybody:
    """Believes everybody's name."""

    credentialInterfaces = (IUsernamePassword,)

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        """Answer with the name."""
        name: bytes | tuple[()] = credentials.username
        return succeed(name)


realm = InMemoryWordsRealm("benchmark")
realm.createGroupOnRequest = realm.createUserOnRequest = True
endpoint = endpoints.TCP4ServerEndpoint(reactor, int(sys.argv[1]), 4096, "127.0.0.1")
endpoint.listen(IRCFactory(realm, Portal(realm, [Anybody()])))
reactor.run()
