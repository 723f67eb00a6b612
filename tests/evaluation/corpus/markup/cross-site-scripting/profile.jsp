<%@ page contentType="text/html;charset=UTF-8" language="java" %>
<%@ taglib prefix="c" uri="http://java.sun.com/jsp/jstl/core" %>
<%@ taglib prefix="fn" uri="http://java.sun.com/jsp/jstl/functions" %>
<!-- case: vulnerable -->
<h1>Welcome, <%= request.getParameter("user") %></h1>
<!-- case: vulnerable (through a variable) -->
<%
    String city = request.getParameter("city");
    if (city == null) {
        city = "";
    }
%>
<p>City: <%= city %></p>
<!-- case: vulnerable (printed) -->
<% out.print("<i>" + request.getParameter("note") + "</i>"); %>
<!-- case: vulnerable (expression language) -->
<p>${param.comment}</p>
<!-- case: vulnerable (in an attribute) -->
<input type="text" name="q" value="${param.q}"/>
<!-- case: vulnerable (header) -->
<p>Your browser: <%= request.getHeader("User-Agent") %></p>
<!-- case: safe (escaped by the tag) -->
<p><c:out value="${param.comment}"/></p>
<!-- case: safe (escaped by the function) -->
<p>${fn:escapeXml(param.comment)}</p>
<!-- case: safe (only a condition) -->
<c:if test="${param.debug eq 'on'}"><p>Debug</p></c:if>
<!-- case: safe (a number) -->
<p>Page <%= Integer.parseInt(request.getParameter("page")) %></p>
<!-- case: safe (encoded) -->
<p><%= org.owasp.encoder.Encode.forHtml(request.getParameter("city")) %></p>
<!-- case: safe (constant) -->
<p><%= "Hello" %></p>
<!-- case: vulnerable (escaping switched off) -->
<c:out value="${comment.text}" escapeXml="false"/>
