import javax.naming.directory.*;
import javax.servlet.http.HttpServletRequest;
import org.springframework.ldap.support.LdapEncoder;

class Directory {
    void find(HttpServletRequest request, DirContext ctx, SearchControls controls) throws Exception {
        String name = request.getParameter("name");
        // ruleid: java-ldap-injection-request
        ctx.search("dc=example", "(uid=" + name + ")", controls);
        // ok: java-ldap-injection-request
        ctx.search("dc=example", "(uid=" + LdapEncoder.filterEncode(name) + ")", controls);
        // ok: java-ldap-injection-request
        ctx.search("dc=example", "(uid={0})", new Object[]{name}, controls);
    }
}
