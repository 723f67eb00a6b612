package com.northwind.directory;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.Map;
import javax.naming.Context;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attributes;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.BasicAttributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.text.StringEscapeUtils;
import org.owasp.esapi.ESAPI;

public class DirectoryServlet extends HttpServlet {
    private static final String BASE = "ou=people,dc=northwind,dc=example";

    private static DirContext connect() throws NamingException {
        Hashtable<String, String> env = new Hashtable<>();
        env.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        env.put(Context.PROVIDER_URL, "ldaps://directory.northwind.example");
        return new InitialDirContext(env);
    }

    private static SearchControls subtree() {
        SearchControls controls = new SearchControls();
        controls.setSearchScope(SearchControls.SUBTREE_SCOPE);
        return controls;
    }

    // case: vulnerable
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            String filter = "(&(objectClass=person)(uid=" + request.getParameter("uid") + "))";
            NamingEnumeration<SearchResult> found = connect().search(BASE, filter, subtree());
            response.getWriter().print(found.hasMore());
        } catch (NamingException error) {
            response.sendError(500);
        }
    }

    // case: safe (the filter's argument is escaped by JNDI)
    boolean exists(HttpServletRequest request) throws NamingException {
        Object[] arguments = {request.getParameter("uid")};
        return connect().search(BASE, "(&(objectClass=person)(uid={0}))", arguments, subtree()).hasMore();
    }

    // case: vulnerable (HTML escaping knows neither star nor bracket)
    boolean member(HttpServletRequest request) throws NamingException {
        String group = StringEscapeUtils.escapeHtml4(request.getParameter("group"));
        String filter = String.format("(&(cn=%s)(objectClass=groupOfNames))", group);
        return connect().search(BASE, filter, subtree()).hasMore();
    }

    // case: safe (escaped for a filter)
    boolean mail(HttpServletRequest request) throws NamingException {
        String mail = ESAPI.encoder().encodeForLDAP(request.getParameter("mail"));
        return connect().search(BASE, "(mail=" + mail + ")", subtree()).hasMore();
    }

    // case: vulnerable (array of values, joined into one filter)
    NamingEnumeration<SearchResult> several(HttpServletRequest request) throws NamingException {
        StringBuilder filter = new StringBuilder("(|");
        for (String uid : request.getParameterValues("uid")) {
            filter.append("(uid=").append(uid).append(')');
        }
        return connect().search(BASE, filter.append(')').toString(), subtree());
    }

    // case: safe (letters and digits only, everything else is refused)
    NamingEnumeration<SearchResult> plain(HttpServletRequest request) throws NamingException {
        String uid = request.getParameter("uid");
        if (!uid.matches("^[A-Za-z0-9]{1,32}$")) {
            throw new IllegalArgumentException("uid");
        }
        return connect().search(BASE, "(uid=" + uid + ")", subtree());
    }

    // case: vulnerable (the place is the request's, too: part of a distinguished name)
    Attributes entry(HttpServletRequest request) throws NamingException {
        String name = "cn=" + request.getHeader("X-Remote-Name") + "," + BASE;
        return connect().getAttributes(name);
    }

    // case: safe (value escaped for a distinguished name)
    Attributes card(HttpServletRequest request) throws NamingException {
        LdapName name = new LdapName(BASE);
        name.add(new Rdn("cn", request.getHeader("X-Remote-Name")));
        return connect().getAttributes(name);
    }

    // case: safe (the map's other key is used)
    boolean office(HttpServletRequest request) throws NamingException {
        Map<String, String> asked = new HashMap<>();
        asked.put("office", request.getParameter("office"));
        asked.put("fallback", "London");
        return connect().search(BASE, "(l=" + asked.get("fallback") + ")", subtree()).hasMore();
    }

    // case: vulnerable (a decoded header, pieces reduced to one text)
    boolean phone(HttpServletRequest request) throws NamingException, IOException {
        String phone = java.net.URLDecoder.decode(request.getHeader("X-Phone"), "UTF-8");
        String[] wanted = {"cn", "telephoneNumber"};
        SearchControls controls = subtree();
        controls.setReturningAttributes(wanted);
        String filter = Arrays.asList("(telephoneNumber=", phone, ")").stream().reduce("", String::concat);
        return connect().search(BASE, filter, controls).hasMore();
    }

    // case: safe (matching attributes are values, there is no filter text)
    boolean badge(HttpServletRequest request) throws NamingException {
        Attributes wanted = new BasicAttributes(true);
        wanted.put(new BasicAttribute("employeeNumber", request.getParameter("badge")));
        return connect().search(BASE, wanted).hasMore();
    }
}
