<%@ page contentType="text/html;charset=UTF-8" %>
<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<html><body>
<!-- ruleid: markup-request-in-page -->
<p>Hello <%= request.getParameter("name") %></p>
<% String term = request.getParameter("term"); %>
<!-- ruleid: markup-request-in-page -->
<p>Results for <%= term %></p>
<!-- ruleid: markup-request-in-page -->
<% out.println("<b>" + request.getHeader("Referer") + "</b>"); %>
<!-- ok: markup-request-in-page -->
<p>Hello <%= org.owasp.encoder.Encode.forHtml(request.getParameter("name")) %></p>
<!-- ok: markup-request-in-page -->
<p>Hello <c:out value="${param.name}"/></p>
<!-- ok: markup-request-in-page -->
<p>Page <%= Integer.parseInt(request.getParameter("page")) %></p>
<!-- ok: markup-request-in-page -->
<a href="<%= request.getContextPath() %>/home">Home</a>
<% String clean = org.owasp.encoder.Encode.forHtml(request.getParameter("q")); %>
</body></html>
