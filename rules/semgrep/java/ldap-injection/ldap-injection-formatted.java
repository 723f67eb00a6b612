import javax.naming.directory.*;
import org.springframework.ldap.support.LdapEncoder;

class Directory {
    void find(DirContext ctx, SearchControls controls, String name, String filter) throws Exception {
        // ruleid: java-ldap-injection-formatted
        ctx.search("dc=example", "(uid=" + name + ")", controls);
        // ok: java-ldap-injection-formatted
        ctx.search("dc=example", filter, controls);
        // ok: java-ldap-injection-formatted
        ctx.search("dc=example", "(uid=" + LdapEncoder.filterEncode(name) + ")", controls);
        // ok: java-ldap-injection-formatted
        ctx.search("dc=example", "(uid={0})", new Object[]{name}, controls);
    }
}
